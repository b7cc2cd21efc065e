/** Shows how far a rehearsal is: a bar on a terminal, a line at each quarter elsewhere. */
import { shownLines } from "../shown.ts";

export type Progress = {
  say(line: string): void;
  move(done: number, of: number, says: string): void;
};

export type Out = { isTTY?: boolean; write(text: string): unknown };

const width = 30;

export function createProgress(out: Out): Progress {
  let barIsShown = false;
  let quarter = 0;

  function clear(): void {
    if (barIsShown) out.write("\r\u001b[K");
    barIsShown = false;
  }

  return {
    say(line) {
      clear();
      out.write(`${shownLines(line)}\n`);
    },
    move(done, of, says) {
      const share = of === 0 ? 1 : done / of;
      if (out.isTTY) {
        const full = Math.round(share * width);
        out.write(`\r\u001b[K[${"█".repeat(full)}${"░".repeat(width - full)}] ${done} of ${of}, ${says}`);
        barIsShown = true;
        return;
      }
      const now = Math.floor(share * 4);
      if (now === quarter) return;
      quarter = now;
      out.write(`${done} of ${of}: ${says}\n`);
    },
  };
}
