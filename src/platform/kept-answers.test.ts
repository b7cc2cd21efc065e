import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { createKeptAnswers } from "./kept-answers.ts";

test("A3: all who ask at once share one answer, each id its own, also when the former one has ended", async () => {
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

  const keptMs = 200;
  const passing = createKeptAnswers({ keptMs, make: async (id) => made.push(id) });
  await passing("c");
  await sleep(keptMs + 20);
  await Promise.all(Array.from({ length: 100 }, () => passing("c")));
  assert.deepEqual(made, ["a", "b", "c", "c"]);
});

test("A3: an answer that takes longer than it is kept is not asked for again meanwhile, and made anew once it is old", async () => {
  const made: PromiseWithResolvers<number>[] = [];
  const answerOf = createKeptAnswers({
    keptMs: 20,
    make() {
      const making = Promise.withResolvers<number>();
      made.push(making);
      return making.promise;
    },
  });
  const waiting = [answerOf("a")];
  for (let i = 0; i < 5; i += 1) {
    await sleep(25);
    waiting.push(answerOf("a"));
  }
  assert.equal(made.length, 1);
  made[0]?.resolve(1);
  assert.deepEqual(await Promise.all(waiting), [1, 1, 1, 1, 1, 1]);
  const later = answerOf("a");
  made[1]?.resolve(2);
  assert.equal(await later, 2);
});

test("two hundred answers are kept, those that were made last", async () => {
  const made: string[] = [];
  const answerOf = createKeptAnswers({ keptMs: 3_600_000, make: async (id) => made.push(id) });
  for (let i = 0; i <= 200; i += 1) await answerOf(`drop ${i}`);
  await answerOf("drop 200");
  await answerOf("drop 1");
  assert.equal(made.length, 201);
  await answerOf("drop 0");
  assert.equal(made.length, 202);
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

test("an answer whose time is over takes no memory, whether or not one asks again", async () => {
  class Roster {}
  const answerOf = createKeptAnswers({ keptMs: 50, make: async () => new Roster() });
  for (let i = 0; i < 20; i += 1) await answerOf(`drop ${i}`);
  await sleep(200);
  assert.equal(queryObjects(Roster), 0);
  assert.ok((await answerOf("drop 1")) instanceof Roster);
});
