/** The desk for trouble: records that no consumer could handle, and orders whose saga stands. */
import { createLetters, type LettersOptions } from "./letters.ts";
import { createSagas, type SagasOptions } from "./sagas.ts";

export type { Handled } from "./letters.ts";
export type { SagaAct, StuckOrder } from "./sagas.ts";

export const deskSchema = { schema: "desk", folder: new URL("./migrations/", import.meta.url) };

export type Desk = ReturnType<typeof createDesk>;

export function createDesk(options: LettersOptions & SagasOptions) {
  const letters = createLetters(options);
  return { letters, sagas: createSagas(options), start: letters.start };
}
