/** The story of many orders, tried on every path of one of them; saga-world.testing.ts checks every moment and the end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EarlierBatchSteps, fulfilAll, fulfilOrders } from "./batch-saga.ts";
import { runsOf } from "./batch-world.testing.ts";
import { everyPath, type Setting } from "./saga-paths.testing.ts";
import type { Happening } from "./saga-world.testing.ts";

const payOrCancel: Happening[] = ["buyer pays", "buyer cancels"];
const everything: Happening[] = ["bank is asked", "card is declined", ...payOrCancel];

function everyRun(setting: Setting, story = runsOf(fulfilOrders)): Promise<Set<string>> {
  return everyPath({ ...setting, story });
}

const stories = { "runs of many orders": fulfilOrders, "such runs that earlier versions began": fulfilAll };
for (const [name, tell] of Object.entries(stories)) {
  const story = runsOf(tell);
  describe(name, () => {
    test("confirm an order that is paid in time, and end one that is not", async () => {
      assert.deepEqual(await everyRun({}, story), new Set(["cancelled or failed"]));
      const outcomes = await everyRun({ happenings: ["buyer pays"] }, story);
      assert.deepEqual(outcomes, new Set(["confirmed", "cancelled or failed"]));
    });

    test("conserve units and money whenever the payment, the declined card and the cancellation arrive", async () => {
      await everyRun({ happenings: everything }, story);
      await everyRun({ happenings: everything, nudgesAreLost: true }, story);
    });

    test("conserve them whichever two attempts fail, and whenever two processes die", async () => {
      await everyRun({ happenings: payOrCancel, failures: 2 }, story);
      await everyRun({ happenings: payOrCancel, deaths: 2 }, story);
    });

    test("conserve them when every step is run twice, an attempt fails and a process dies", async () => {
      const twice = new Set(["readVerdict", "confirm", "capturePayment", "voidPayment", "endOrder"] as const);
      await everyRun({ happenings: payOrCancel, twice, failures: 1, deaths: 1 }, story);
    });

    test("conserve them beside a second run, a sweep, and a run that an earlier version began", async () => {
      await everyRun({ happenings: payOrCancel, tellers: 2 }, story);
      await everyRun({ happenings: payOrCancel, sweeps: 1 }, story);
      await everyRun({ happenings: payOrCancel, earlier: 1 }, story);
    });

    test("end an order that is extended at its later deadline", async () => {
      await everyRun({ happenings: ["buyer extends", ...payOrCancel], extendable: true, deaths: 1 }, story);
    });
  });
}

describe("the paths find the fault in", () => {
  const mutants: Record<string, { story: ReturnType<typeof runsOf>; finding: RegExp }> = {
    "runs that void payments before they end orders": {
      story: runsOf(fulfilOrders, (steps) => ({
        async endAll(batch) {
          await steps.voidAll(batch);
          return steps.endAll(batch);
        },
      })),
      finding: /the payment of an open order was voided/,
    },
    "runs that forget to void": { story: runsOf(fulfilOrders, () => ({ async voidAll() {} })), finding: /authorized/ },
    "runs that capture before they confirm": {
      story: runsOf(fulfilOrders, (steps) => ({
        async confirmPaid(batch) {
          const { paid } = await steps.readVerdicts(batch);
          if (paid.length > 0) await steps.captureAll({ ...batch, orderIds: paid });
          return steps.confirmPaid(batch);
        },
      })),
      finding: /charged for nothing/,
    },
    "runs that take every end for their own": {
      story: runsOf(fulfilOrders, (steps) => ({
        async endAll(batch) {
          await steps.endAll(batch);
          return { confirmed: [], over: [...batch.orderIds] };
        },
      })),
      finding: /the payment of a confirmed order was voided/,
    },
    "runs that do not wait for the deadline": {
      story: runsOf(fulfilOrders, undefined, true),
      finding: /failed before its deadline/,
    },
  };
  for (const [name, { story, finding }] of Object.entries(mutants)) {
    test(name, async () => {
      await assert.rejects(async () => {
        await everyRun({ happenings: [...payOrCancel, "card is declined"] }, story);
        await everyRun({ happenings: ["buyer pays"], tellers: 2, nudgesAreLost: true }, story);
      }, finding);
    });
  }
});

test("a run asks only for the steps that its orders need, each once for all of them", async () => {
  const asked: [string, readonly string[]][] = [];
  type Name = keyof EarlierBatchSteps;
  const steps = (answers: Partial<Record<Name, object>>): EarlierBatchSteps => {
    const step = (name: Name) => async (batch: { orderIds: readonly string[] }) => {
      asked.push([name, batch.orderIds]);
      return answers[name] as never;
    };
    return {
      confirmPaid: step("confirmPaid"),
      readVerdicts: step("readVerdicts"),
      confirmAll: step("confirmAll"),
      endAll: step("endAll"),
      captureAll: step("captureAll"),
      voidAll: step("voidAll"),
    };
  };
  const orderIds = ["a", "b", "c", "d", "e"];
  const run = { run: "a run", orderIds };
  const answers = {
    confirmPaid: { confirmed: ["a"], due: ["c", "d"], over: ["e", "b"] },
    readVerdicts: { paid: ["a", "b"], due: ["c", "d"], over: ["e"] },
    confirmAll: { confirmed: ["a"], over: ["b"] },
    endAll: { confirmed: ["c"], over: ["d"] },
  };
  const common = [
    ["endAll", ["c", "d"]],
    ["captureAll", ["a", "c"]],
    ["voidAll", ["e", "b", "d"]],
  ];
  assert.equal(await fulfilOrders(run, steps(answers)), "2 confirmed, 3 over");
  assert.deepEqual(asked.splice(0), [["confirmPaid", orderIds], ...common]);
  assert.equal(await fulfilAll(run, steps(answers)), "2 confirmed, 3 over");
  assert.deepEqual(asked.splice(0), [["readVerdicts", orderIds], ["confirmAll", ["a", "b"]], ...common]);

  const nothing = { confirmed: [], paid: [], due: [], over: [] };
  const idle = steps({ confirmPaid: nothing, readVerdicts: nothing });
  assert.equal(await fulfilOrders(run, idle), "0 confirmed, 0 over");
  assert.equal(await fulfilAll(run, idle), "0 confirmed, 0 over");
  assert.deepEqual(asked, [
    ["confirmPaid", orderIds],
    ["readVerdicts", orderIds],
  ]);
});
