/** Sends what is asked of one broker at the same time as one request, such as the lag of every group. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Batcher, createBatcher } from "#platform/batch";

/** Answers in the order of the questions; each call throws the refusal of its own question alone. */
export type Answers<Answer> = readonly (() => Answer)[];

/** All groups and topics of a shop are far fewer. */
const maxQuestions = 1_000;
const maxWaiting = 10_000;

export function createGathered<Question, Answer>(
  ask: (node: number, questions: readonly Question[]) => Promise<Answers<Answer>>,
): (node: number, question: Question) => Promise<Answer> {
  /** As many as there are brokers. */
  const batchers = new Map<number, Batcher<Question, () => Answer>>();

  function batcherOf(node: number): Batcher<Question, () => Answer> {
    const known = batchers.get(node);
    if (known) return known;
    const batcher = createBatcher<Question, () => Answer>({
      maxBatch: maxQuestions,
      maxWaiting,
      run: (questions) => ask(node, questions),
      turn: () => nextTurn(),
    });
    batchers.set(node, batcher);
    return batcher;
  }

  return async (node, question) => (await batcherOf(node).add(question))();
}
