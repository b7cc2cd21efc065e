import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeptAnswers } from "./kept-answers.ts";

test("all who ask at once share one answer, each id its own", async () => {
  const made: string[] = [];
  const answerOf = createKeptAnswers({
    keptMs: 3_600_000,
    async make(id) {
      made.push(id);
      return `answer of ${id}`;
    },
  });
  assert.deepEqual(await Promise.all(["a", "a", "b"].map(answerOf)), ["answer of a", "answer of a", "answer of b"]);
  await answerOf("a");
  assert.deepEqual(made, ["a", "b"]);
});

test("an answer that failed, or that there is none of, is made again for the next who asks", async () => {
  const answers = [Promise.reject(new Error("away")), Promise.resolve(undefined), Promise.resolve("there")];
  for (const answer of answers) answer.catch(() => {});
  const answerOf = createKeptAnswers({ keptMs: 3_600_000, make: () => answers.shift() as Promise<string | undefined> });
  await assert.rejects(answerOf("a"), /away/);
  assert.equal(await answerOf("a"), undefined);
  assert.equal(await answerOf("a"), "there");
  assert.equal(await answerOf("a"), "there");
});
