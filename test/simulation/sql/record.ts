/** The statements of a schedule and their twins' answers, in the order in which they took effect. */
import type { Transaction } from "./tables.ts";

export type Recorded =
  | {
      kind: "statement";

      name: string;
      text: string;
      values: readonly unknown[];
      answer: Answer;
    }
  | { kind: "end"; committed: boolean };
export type Answer = { rows: object[] } | { code: string };

export type Recorder = (recorded: Recorded, transaction: Transaction) => void;
