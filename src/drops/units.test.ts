import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createUnits } from "./units.ts";

function selling(dropId: string, ...productIds: string[]) {
  return { dropId, products: productIds.map((productId) => ({ productId, label: null })) };
}

/** Counts the questions to the books, and fails them while it is told to. */
function scene() {
  const questions: string[][] = [];
  const books = { fail: false };
  const units = createUnits({
    books: {
      products: {
        async unitsOf(productIds) {
          questions.push([...productIds]);
          if (books.fail) throw new Error("the books are away");
          return new Map(productIds.map((productId) => [productId, { free: productId.length, held: 0, sold: 0 }]));
        },
      },
    },
  });
  return { units, questions, books };
}

test("O30: the units of many drops are one question, shared by all who ask within a second", async () => {
  const { units, questions } = scene();
  const drops = Array.from({ length: 50 }, (_, i) => selling(`drop-${i}`, `lamp-${i}`, `cap-${i}`));
  const [all, again] = await Promise.all([units.of(drops), units.of(drops.slice(10))]);
  assert.deepEqual([all.size, again.size, all.get("lamp-1")?.free], [100, 80, 6]);
  await units.of([selling("drop-3", "lamp-3", "cap-3")]);
  await units.of([selling("drop-3", "lamp-3", "cap-3"), selling("other", "mug")]);
  assert.deepEqual(
    questions.map(({ length }) => length),
    [100, 1],
  );
});

test("each drop gets the units of its own products, and a question that failed is asked again", async () => {
  const { units, questions, books } = scene();
  books.fail = true;
  await assert.rejects(units.of([selling("lamps", "lamp")]), /the books are away/);
  books.fail = false;
  const found = await units.of([selling("lamps", "lamp"), selling("caps", "cap")]);
  assert.deepEqual([...found.keys()], ["lamp", "cap"]);
  assert.deepEqual([...(await units.of([selling("caps", "cap")])).keys()], ["cap"]);
  assert.equal(questions.length, 2);
});

test("a slow question is not asked again meanwhile, and anew once its answer is old", async () => {
  const questions: PromiseWithResolvers<Map<string, { free: number; held: number; sold: number }>>[] = [];
  const units = createUnits({
    books: {
      products: {
        unitsOf() {
          const question = Promise.withResolvers<Map<string, { free: number; held: number; sold: number }>>();
          questions.push(question);
          return question.promise;
        },
      },
    },
  });
  const lamps = [selling("lamps", "lamp")];
  const waiting = [units.of(lamps)];
  await sleep(1_100);
  waiting.push(units.of(lamps));
  assert.equal(questions.length, 1);
  questions[0]?.resolve(new Map([["lamp", { free: 3, held: 0, sold: 0 }]]));
  for (const found of await Promise.all(waiting)) assert.equal(found.get("lamp")?.free, 3);
  const later = units.of(lamps);
  questions[1]?.resolve(new Map([["lamp", { free: 2, held: 0, sold: 1 }]]));
  assert.equal((await later).get("lamp")?.free, 2);
});
