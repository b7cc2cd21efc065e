/**
 * Writes equal warnings a few times and then counts them: a server that refuses every order would fill the disk with
 * one sentence and hide the other lines.
 */
export type Sparing = {
  /** Whether to write the line. If not, it is counted, and `tell` gets the count at the end of its ten seconds. */
  mayWrite(line: string, tell: (more: string) => void): boolean;
};

const windowMs = 10_000;
const writtenWhole = 3;
/** The limit of the table if every line differs. Beyond it, new lines share one entry. */
const linesAtMost = 1_000;

type Seen = { whole: number; counted: number };

/** `later` runs a function after so many milliseconds. */
export function createSparing(later: (ms: number, happen: () => void) => void): Sparing {
  const seen = new Map<string, Seen>();

  function watch(line: string, one: Seen, tell: (more: string) => void): void {
    later(windowMs, () => {
      const { counted } = one;
      if (counted === 0) return void seen.delete(line);
      // It goes on, so it is only counted until it has not occurred for ten seconds.
      one.counted = 0;
      one.whole = writtenWhole;
      watch(line, one, tell);
      tell(`${counted.toLocaleString("en")} more times in the last ${windowMs / 1_000} s`);
    });
  }

  return {
    mayWrite(text, tell) {
      const line = seen.has(text) || seen.size < linesAtMost ? text : "";
      const known = seen.get(line);
      if (known) {
        if (known.whole < writtenWhole) known.whole += 1;
        else known.counted += 1;
        return known.counted === 0;
      }
      const first = { whole: 1, counted: 0 };
      seen.set(line, first);
      watch(line, first, tell);
      return true;
    },
  };
}

/** The key of a line: its text without the numbers and names by which one order or request differs from the next. */
export function alike(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\b(?=[\w-]*\d)[\w-]+/gi, "#");
}
