/** The desk for trouble: records that no consumer could handle, orders whose saga stands, and all that is known of one order. */
import { createLetters, type LettersOptions } from "./letters.ts";
import { createSagas, type SagasOptions } from "./sagas.ts";

export { type BlackBox, createBlackBox } from "./black-box.ts";
export type { Handled } from "./letters.ts";
export type { SagaAct, StuckOrder } from "./sagas.ts";

export const deskSchema = { schema: "desk", folder: new URL("./migrations/", import.meta.url) };

export type Desk = ReturnType<typeof createDesk>;

export function createDesk(options: LettersOptions & SagasOptions) {
  const letters = createLetters(options);
  return { letters, sagas: createSagas(options), start: letters.start };
}
