/** Each law is tried on every path of its setting; saga-world.testing.ts checks every moment and the end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FulfilmentSteps, fulfil } from "./earlier-saga.ts";
import { everyPath } from "./saga-paths.testing.ts";
import type { Happening } from "./saga-world.testing.ts";

const everything: Happening[] = ["bank is asked", "buyer pays", "card is declined", "buyer cancels"];
const payOrCancel: Happening[] = ["buyer pays", "buyer cancels"];
const undos = new Set<keyof FulfilmentSteps>(["endOrder", "voidPayment"]);
const everyStep = new Set<keyof FulfilmentSteps>([
  ...undos,
  "holdUnits",
  "requestPayment",
  "readVerdict",
  "readDeadline",
  "confirm",
  "capturePayment",
]);

describe("one order", () => {
  test("an order without payment gives its units back at the deadline", async () => {
    assert.deepEqual(await everyPath({}), new Set(["failed"]));
    assert.deepEqual(await everyPath({ happenings: ["card is declined"] }), new Set(["failed"]));
  });

  test("R7: an order paid in time is confirmed, one paid too late costs nothing", async () => {
    assert.deepEqual(await everyPath({ happenings: ["buyer pays"] }), new Set(["confirmed", "failed"]));
  });

  test("R5: units are held longer once for a provider that is deciding, and the order ends whatever it decides", async () => {
    assert.deepEqual(await everyPath({ happenings: ["bank is asked"] }), new Set(["failed"]));
    const asked: Happening[] = ["bank is asked", "card is declined", "buyer pays"];
    assert.deepEqual(await everyPath({ happenings: asked }), new Set(["confirmed", "failed"]));
  });

  test("an extended order is confirmed if it is paid by its later deadline, and fails at that one otherwise", async () => {
    const extension: Happening[] = ["buyer extends"];
    assert.deepEqual(await everyPath({ happenings: extension, extendable: true }), new Set(["failed"]));
    const outcomes = await everyPath({ happenings: [...extension, "buyer pays"], extendable: true });
    assert.deepEqual(outcomes, new Set(["confirmed", "failed"]));
  });

  test("a cancelled order is never confirmed, and a confirmed one never cancelled", async () => {
    assert.deepEqual(await everyPath({ happenings: ["buyer cancels"] }), new Set(["cancelled", "failed"]));
  });
});

describe("units and money are conserved", () => {
  test("whenever the payment, the declined card and the cancellation arrive", async () => {
    await everyPath({ happenings: everything });
  });

  test("if every nudge is lost, which costs time but never the order", async () => {
    await everyPath({ happenings: everything, nudgesAreLost: true });
  });

  test("S2, O1: whichever two attempts fail, before or after their effect", async () => {
    await everyPath({ happenings: payOrCancel, failures: 2 });
  });

  test("in runs of an earlier version, which gave up the opening of a payment", async () => {
    await everyPath({ happenings: payOrCancel, failures: 1, givesUpOpening: true });
  });

  test("whenever two tellers die and the next one begins again", async () => {
    await everyPath({ happenings: payOrCancel, deaths: 2 });
  });

  test("when every step is run twice", async () => {
    await everyPath({ happenings: everything, twice: everyStep });
  });

  test("when every undo is run twice", async () => {
    await everyPath({ happenings: payOrCancel, twice: undos, failures: 1 });
  });

  test("when an attempt fails, a teller dies and every step is run twice", async () => {
    await everyPath({ happenings: payOrCancel, twice: everyStep, failures: 1, deaths: 1 });
  });

  test("whenever the buyer extends the order, pays and cancels, and a teller dies", async () => {
    await everyPath({ happenings: ["buyer extends", ...payOrCancel], extendable: true, deaths: 1 });
    await everyPath({ happenings: ["buyer extends", ...everything], extendable: true, nudgesAreLost: true });
  });

  test("when two tellers run an order that its buyer extends", async () => {
    await everyPath({ happenings: ["buyer extends", "buyer pays"], extendable: true, tellers: 2 });
  });

  test("when two tellers run the same order, interleaved in every possible way", async () => {
    await everyPath({ happenings: payOrCancel, tellers: 2 });
  });
});

describe("a paid order is confirmed whatever happens to its run", () => {
  test("O31: by a sweep beside the run, interleaved in every possible way", async () => {
    const outcomes = await everyPath({ happenings: payOrCancel, sweeps: 1 });
    assert.deepEqual(outcomes, new Set(["confirmed", "cancelled", "failed"]));
  });
});

describe("the paths find the fault in", () => {
  const mutants: Record<string, { story: typeof fulfil; finding: RegExp }> = {
    "a story that voids the payment before it ends the order": {
      story: withSteps((steps) => ({
        async endOrder(end) {
          await steps.voidPayment(end.order);
          return steps.endOrder(end);
        },
      })),
      finding: /the payment of an open order was voided/,
    },
    "a story that forgets to void the payment": {
      story: withSteps(() => ({ async voidPayment() {} })),
      finding: /authorized/,
    },
    "a story that captures before it confirms": {
      story: withSteps((steps) => ({
        async confirm(order) {
          await steps.capturePayment(order);
          return steps.confirm(order);
        },
      })),
      finding: /charged for nothing/,
    },
    "a story that takes every end for its own": {
      story: withSteps((steps) => ({
        async endOrder(end) {
          await steps.endOrder(end);
          return "ended";
        },
      })),
      finding: /the payment of a confirmed order was voided/,
    },
    "a story that does not wait for the deadline": {
      story: (order, steps) => fulfil(order, steps, async () => "deadline"),
      finding: /failed before its deadline/,
    },
    "a story that does not read the verdict once more at the deadline": {
      story: (order, steps, waitForNudge) => {
        let isOver = false;
        const waitOnce = async (untilMs: number) => {
          const woken = await waitForNudge(untilMs);
          isOver = woken === "deadline";
          return woken;
        };
        const readVerdict: FulfilmentSteps["readVerdict"] = async () => (isOver ? "open" : steps.readVerdict(order));
        return fulfil(order, { ...steps, readVerdict }, waitOnce);
      },
      finding: /the buyer had paid in time/,
    },
  };

  for (const [name, { story, finding }] of Object.entries(mutants)) {
    test(name, async () => {
      await assert.rejects(async () => {
        await everyPath({ story, happenings: payOrCancel, nudgesAreLost: true });
        await everyPath({ story, happenings: ["buyer pays"], tellers: 2 });
      }, finding);
    });
  }
});

function withSteps(change: (steps: FulfilmentSteps) => Partial<FulfilmentSteps>): typeof fulfil {
  return (order, steps, waitForNudge) => fulfil(order, { ...steps, ...change(steps) }, waitForNudge);
}
