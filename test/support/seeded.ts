/** Gives a file of tests one random seed, and says how to run the file again with the seed of a run that failed. */
import { randomInt } from "node:crypto";
import { relative } from "node:path";
import fc from "fast-check";
import { randomFrom } from "./random.ts";

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

/** A diagnostic for each test that uses the seed. */
export const repeat = `again: SEED=${seed} node --test ${relative(process.cwd(), process.argv[1] ?? "")}`;

/** The parameters of `fc.assert`. */
export function seeded<T>(): fc.Parameters<T> {
  return {
    seed,
    reporter(run) {
      if (!run.failed) return;
      throw new Error(`${fc.defaultReportMessage(run)}\n${repeat}`, { cause: run.errorInstance });
    },
  };
}

/** The random bytes of this seed, as many as are asked for at each call. */
export function createRandomBytes(): { bytes(length: number): Buffer; upTo(most: number): number } {
  const random = randomFrom(seed);
  return {
    bytes: (length) => Buffer.from(Array.from({ length }, () => random() * 256)),
    upTo: (most) => Math.floor(random() * (most + 1)),
  };
}
