/** Holds an answer back, so that what comes after it overtakes it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";

export type HeldBack = {
  /** The shop has answered. */
  answered: Promise<void>;
  /** Ends once the page has read the answer and was drawn. */
  pass(): Promise<void>;
};

/** The next request alone that `path` names. */
export async function heldBack(page: Page, path: string): Promise<HeldBack> {
  const [answered, passed, fulfilled] = [1, 2, 3].map(() => Promise.withResolvers<void>()) as [Held, Held, Held];
  await page.route(
    path,
    async (route) => {
      const response = await route.fetch();
      answered.resolve();
      await passed.promise;
      await route.fulfill({ response });
      fulfilled.resolve();
    },
    { times: 1 },
  );
  return {
    answered: answered.promise,
    async pass() {
      passed.resolve();
      await fulfilled.promise;
      await sleep(200);
    },
  };
}

type Held = PromiseWithResolvers<void>;
