/** Checks a line beside the page, which stays quick meanwhile: a roster of thousands and its signatures take seconds. */

import type { Asked, Told } from "./line-check.ts";
import { checkLine } from "./line-checks.ts";

addEventListener("message", ({ data: { published, kept } }: MessageEvent<Asked>) => {
  try {
    postMessage({ checks: checkLine(published, kept) } satisfies Told);
  } catch (error) {
    postMessage({ broken: String(error) } satisfies Told);
  }
});
