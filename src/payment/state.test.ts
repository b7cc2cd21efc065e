import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterDecision,
  afterFact,
  decisions,
  type Fact,
  facts,
  isLive,
  isPaid,
  type Owed,
  owed,
  type PaymentState,
  paymentStates,
} from "./state.ts";

const eitherWay = [{ unwanted: false }, { unwanted: true }];

function everyMove(): { from: PaymentState; by: string; to: PaymentState }[] {
  return paymentStates.flatMap((from) => [
    ...decisions.map((decision) => ({ from, by: decision, to: afterDecision(from, decision) })),
    ...facts.flatMap((fact) =>
      eitherWay.map((how) => ({ from, by: `${fact} ${JSON.stringify(how)}`, to: afterFact(from, fact, how) })),
    ),
  ]);
}

test("a dead payment never becomes live again, so an order never has two live payments", () => {
  for (const { from, by, to } of everyMove()) assert.ok(isLive(from) || !isLive(to), `${from} --${by}--> ${to}`);
});

test("a repeated fact or decision changes nothing", () => {
  for (const state of paymentStates) {
    for (const decision of decisions) {
      const once = afterDecision(state, decision);
      assert.equal(afterDecision(once, decision), once, `${state} --${decision}-->`);
    }
    for (const fact of facts) {
      for (const how of eitherWay) {
        const once = afterFact(state, fact, how);
        assert.equal(afterFact(once, fact, how), once, `${state} --${fact}-->`);
      }
    }
  }
});

test("no fact about unwanted money leaves a payment paid", () => {
  for (const state of paymentStates) {
    for (const fact of facts) assert.ok(!isPaid(afterFact(state, fact, { unwanted: true })), `${state} --${fact}-->`);
  }
});

test("a declined, voided or refunded charge never makes a payment paid", () => {
  for (const state of paymentStates.filter((state) => !isPaid(state))) {
    for (const fact of [
      "declined",
      "voided",
      "refunded",
      "charged_back",
      "reversed",
      "not_received",
      "processing",
    ] as const) {
      assert.ok(!isPaid(afterFact(state, fact, { unwanted: false })), `${state} --${fact}-->`);
    }
  }
});

test("nothing is captured without a decision", () => {
  for (const { from, by, to } of everyMove()) {
    if (to === "capturing" && from !== "capturing") assert.deepEqual([from, by], ["authorized", "capture"]);
  }
});

/** One payment, the bank, and every message between them. */
type World = {
  ours: PaymentState;
  /** Our decision: capture, or close. */
  stands: boolean;
  closed: boolean;
  bank: "unasked" | Exclude<Fact, "not_received">;
  /** Everything that the bank ever reported: each may arrive at any time, any number of times. */
  said: readonly Fact[];
  /** Every request ever sent to the bank: each may reach it at any time, any number of times. */
  asked: readonly Owed[];
};

const beginning: World = { ours: "requested", stands: false, closed: false, bank: "unasked", said: [], asked: [] };

function nextWorlds(world: World): World[] {
  const worlds: World[] = [];
  const { ours, closed, bank, said, asked } = world;
  if (bank === "unasked") {
    worlds.push({ ...world, bank: "processing" });
    worlds.push({ ...world, ours: afterFact(ours, "not_received", { unwanted: closed }) });
  }
  for (const status of bankAlone[bank] ?? []) worlds.push(becomes(world, status));
  for (const operation of asked) worlds.push(bankDoes(world, operation));
  for (const fact of said) worlds.push({ ...world, ours: afterFact(ours, fact, { unwanted: closed }) });
  if (!closed && isPaid(ours)) worlds.push({ ...world, stands: true, ours: afterDecision(ours, "capture") });
  worlds.push({ ...world, closed: true, ours: afterDecision(ours, "close") });
  const owes = owed(ours);
  if (owes) worlds.push({ ...world, asked: including(asked, owes) });
  return worlds;
}

/**
 * The bank's actions without a request: it decides, captures at once, lets a hold lapse, captures after a void, refunds
 * by hand.
 */
const bankAlone: Partial<Record<World["bank"], readonly Exclude<Fact, "not_received">[]>> = {
  processing: ["authorized", "declined", "captured"],
  authorized: ["voided"],
  voided: ["captured"],
  captured: ["refunded", "charged_back", "reversed"],
};

function becomes(world: World, bank: Exclude<Fact, "not_received">): World {
  return { ...world, bank, said: including(world.said, bank) };
}

function bankDoes(world: World, operation: Owed): World {
  if (operation === "refund") return world.bank === "captured" ? becomes(world, "refunded") : world;
  if (world.bank !== "authorized") return world;
  return becomes(world, operation === "capture" ? "captured" : "voided");
}

function including<T extends string>(list: readonly T[], item: T): readonly T[] {
  return list.includes(item) ? list : [...list, item].toSorted();
}

/** The faults are over: every message arrives, and everything owed is requested. */
function drained(world: World, result: "authorized" | "declined"): World {
  let at = world;
  for (let round = 0; round < 10; round += 1) {
    if (at.bank === "processing") at = becomes(at, result);
    const owes = owed(at.ours);
    if (owes) at = { ...at, asked: including(at.asked, owes) };
    for (const operation of at.asked) at = bankDoes(at, operation);
    const fact = at.bank === "unasked" ? "not_received" : at.bank;
    at = { ...at, ours: afterFact(at.ours, fact, { unwanted: at.closed }) };
  }
  return at;
}

function everyWorld(): World[] {
  const seen = new Map([[JSON.stringify(beginning), beginning]]);
  for (const world of seen.values()) {
    for (const next of nextWorlds(world)) seen.set(JSON.stringify(next), seen.get(JSON.stringify(next)) ?? next);
  }
  return [...seen.values()];
}

test("in every order of facts, decisions and losses, money ends where the books say it is", (t) => {
  const worlds = everyWorld();
  for (const world of worlds) {
    const story = JSON.stringify(world);
    assert.ok(!(world.closed && owed(world.ours) === "capture"), `asks to capture a closed order: ${story}`);
    for (const result of ["authorized", "declined"] as const) {
      const { ours, bank, stands, closed } = drained(world, result);
      const end = `${story} ends as ${ours} with the bank's ${bank}`;
      assert.equal(owed(ours), undefined, `something stays owed: ${end}`);
      assert.notEqual(ours, "requested", `a result is never learnt: ${end}`);
      if (closed) assert.ok(!isPaid(ours), `an ended order stays paid: ${end}`);
      if (stands) assert.notEqual(ours, "authorized", `an order that stands is not paid: ${end}`);
      if (isPaid(ours) || bank === "refunded" || bank === "charged_back") assert.equal(bank, ours, end);
      else assert.ok(bank !== "authorized" && bank !== "captured", `money of a dead payment stays with us: ${end}`);
    }
  }
  t.diagnostic(`${worlds.length} worlds`);
});
