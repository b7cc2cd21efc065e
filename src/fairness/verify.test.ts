import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordedRounds } from "../../test/support/drand.ts";
import { honestLine, ownChain, signed, ticketOf, tools } from "./line.testing.ts";
import type { Evidence, FairRecord } from "./record.ts";
import { quicknet, timeOfRound } from "./rounds.ts";
import { headText, receiptText, rootText } from "./texts.ts";
import { verify } from "./verify.ts";

const line = honestLine();
const { record } = line;
const [first] = line.kept as [Evidence["kept"][0]];

/** The sentences of the checks that do not hold as they should. */
function faultsOf(evidence: Evidence): string[] {
  return verify(evidence, tools)
    .filter(({ outcome }) => outcome === "fails")
    .map(({ check, says }) => `${check}: ${says}`);
}

function withRecord(change: Partial<FairRecord>): Evidence {
  return { ...line, record: { ...record, ...change } };
}

function assertFault(evidence: Evidence, pattern: RegExp): void {
  const faults = faultsOf(evidence);
  assert.ok(
    faults.some((one) => pattern.test(one)),
    `no fault like ${pattern} in:\n${faults.join("\n")}`,
  );
}

describe("a line that was drawn as promised", () => {
  test("passes every check, for each of its people", () => {
    assert.deepEqual(faultsOf(line), []);
    const says = verify({ ...line, kept: line.kept.slice(0, 1) }, tools).map(
      ({ check, outcome }) => `${check} ${outcome}`,
    );
    assert.deepEqual(says, [
      "beacon holds",
      "key holds",
      "rules holds",
      "root holds",
      "roster holds",
      "round holds",
      "seed holds",
      "heads holds",
      "calls holds",
      "orders holds",
      "receipt holds",
      "place holds",
      "witness holds",
      "invented warns",
    ]);
  });

  test("fails no check before its freeze, and none between freeze and draw", () => {
    const growing = { ...withRecord({ root: null, draw: null, ordered: null }), calls: [], served: [], kept: [] };
    assert.deepEqual(faultsOf(growing), []);
    const invented = verify(growing, tools).find(({ check }) => check === "invented");
    assert.match(invented?.says ?? "", /; only its size shows, once its root is published\.$/);
    assert.deepEqual(faultsOf({ ...withRecord({ draw: null, ordered: null }), calls: [], served: [] }), []);
  });

  test("may have a root that came late, if the round came after it by the rule", () => {
    const late = honestLine({ chain: ownChain, lateMs: 18_000 });
    assert.equal(late.record.root?.round, 1_002);
    assert.deepEqual(faultsOf(late), []);
    assert.deepEqual(faultsOf(honestLine({ chain: ownChain, lateMs: 17_000 })), []);
    assert.equal(honestLine({ chain: ownChain, lateMs: 17_000 }).record.root?.round, 1_000);
  });

  test("on the shop's own chain passes, and is told to be drawn by the shop itself", () => {
    const own = honestLine({ chain: ownChain });
    assert.deepEqual(faultsOf(own), []);
    const [beacon] = verify(own, tools);
    assert.equal(beacon?.outcome, "warns");
    assert.match(beacon?.says ?? "", /drawn by the shop itself.*proves nothing to outsiders/);
  });

  test("may have been given up for order of arrival, two minutes after the round, with the reason shown", () => {
    const roundMs = timeOfRound(quicknet, 1_000);
    const arrival = (afterMs: number) => ({
      ...withRecord({ draw: { order: "arrival", atMs: roundMs + afterMs, reason: "drand is away" } }),
      kept: [],
    });
    assert.deepEqual(faultsOf(arrival(120_000)), []);
    const saysOf = (name: string) => verify(arrival(120_000), tools).find(({ check }) => check === name);
    assert.match(saysOf("round")?.says ?? "", /order of arrival, with this reason: drand is away/);
    const beacon = saysOf("beacon");
    assert.deepEqual([beacon?.outcome, /no value of it was used\.$/.test(beacon?.says ?? "")], ["warns", true]);
    assertFault(arrival(60_000), /^round: .*60 s after the round's time; the rules ask for 120 s/);
  });
});

describe("a line that no one had joined before its freeze", () => {
  const empty = honestLine({ before: 0, after: 12 });
  const emptyAtMs = empty.record.draw?.atMs ?? 0;

  test("needs no root, round or beacon, and its people have the order in which they came", () => {
    assert.deepEqual(empty.record.root, null);
    const checks = verify({ ...empty, kept: empty.kept.slice(1, 2) }, tools);
    assert.deepEqual(
      checks.map(({ check, outcome }) => `${check} ${outcome}`),
      ["key", "rules", "empty", "roster", "heads", "calls", "orders", "receipt", "place"].map(
        (check) => `${check} holds`,
      ),
    );
    assert.match(checks.at(-1)?.says ?? "", /^The place is 2: the person joined after the freeze, as number 2/);
    assert.deepEqual(faultsOf(empty), []);
  });

  test("is a skipped draw if any person joined before, or the shop said so before the freeze", () => {
    const [late] = empty.kept as [Evidence["kept"][0]];
    const place = { ...late.receipt, joinedAtMs: emptyAtMs - 1 };
    const receipt = signed(place, receiptText(place));
    assertFault({ ...empty, kept: [{ receipt }] }, /^empty: Number 1 joined at .*: the draw was skipped/);
    const seen = [{ size: 3, root: "ab".repeat(32), seenAtMs: emptyAtMs + 900 }];
    assertFault({ ...empty, kept: [{ ...late, seen }] }, /^empty: A waiting page saw a root over 3 places/);
    const [head] = empty.heads as [Evidence["heads"][0]];
    const early = { ...head, atMs: emptyAtMs - 1 };
    const { dropId } = empty.record;
    const heads = [signed(early, headText({ dropId, ...early }))];
    assertFault({ ...empty, heads }, /^empty: At .* the shop signed a head over 1 places/);
    const draw = { order: "arrival" as const, atMs: empty.record.freezesAtMs - 1, reason: "" };
    assertFault(
      { ...empty, record: { ...empty.record, draw } },
      /^empty: The shop called the line empty at .*, before/,
    );
    assertFault({ ...line, record: { ...record, root: null, draw: empty.record.draw } }, /the draw was skipped/);
  });

  test("tells no other place than the number, and serves none before its call", () => {
    const [first] = empty.kept as [Evidence["kept"][0]];
    assertFault({ ...empty, kept: [{ ...first, place: 2 }] }, /^place: The shop told place 2, .* place 1/);
    const early = { place: 5, atMs: empty.served[0]?.atMs ?? 0, outcome: "sold" };
    assertFault({ ...empty, served: [...empty.served, early] }, /^calls: Place 5 got a pass/);
  });
});

describe("a shop that cheats is told of", () => {
  test("when it leaves people who joined before the freeze out of the draw", () => {
    const early = honestLine({ before: 12, after: 5 });
    const place = { ...(early.kept[14] as Evidence["kept"][0]).receipt, joinedAtMs: record.freezesAtMs - 1 };
    const receipt = signed(place, receiptText(place));
    assertFault({ ...early, kept: [{ receipt }] }, /^place: The person joined at .* and was left out of the draw/);
    assertFault(withRecord({ freezesAtMs: record.freezesAtMs + 1 }), /^root: The root is of .*, before the freeze/);
    assertFault(withRecord({ root: null }), /^root: The record has a draw and no root/);
  });

  test("when it changes the roster after the root was published", () => {
    const roster = line.roster.with(3, ticketOf(99));
    assertFault({ ...line, roster }, /^roster: The roster has changed after its root was published/);
  });

  test("when it publishes another root than its waiting pages saw", () => {
    const forged = honestLine({ tickets: line.roster.with(3, ticketOf(99)) });
    assert.deepEqual(faultsOf({ ...forged, kept: [] }), []);
    assertFault({ ...forged, kept: [first] }, /^witness: This page saw another root over 12 places/);
  });

  test("when it draws with the value of another round", () => {
    const other = recordedRounds[1]?.round ?? 0;
    assertFault(
      honestLine({ drawWith: other }),
      /^round: Round 1000 had to decide, and the order was drawn with round 657413/,
    );
  });

  test("when it makes up the value of the round", () => {
    const draw = { ...(record.draw as object), signature: recordedRounds[1]?.signature } as FairRecord["draw"];
    assertFault(withRecord({ draw }), /^round: .*the value is made up/);
  });

  test("when it names another round than the rules, or than the one that its root names", () => {
    assertFault(withRecord({ promisedRound: 1_001 }), /^round: The rules name round 1000 for this opening/);
    const root = { ...(record.root as NonNullable<FairRecord["root"]>), round: 1_002 };
    const resigned = signed(root, rootText({ dropId: record.dropId, ...root }));
    assertFault(withRecord({ root: resigned }), /^round: The rules take round 1000 .* and the root names 1002/);
    assertFault(withRecord({ root }), /^root: The signature of the root/);
  });

  test("when its root came too late for the round that it used", () => {
    const root = { ...(record.root as NonNullable<FairRecord["root"]>), atMs: timeOfRound(quicknet, 1_000) - 2_999 };
    const resigned = signed(root, rootText({ dropId: record.dropId, ...root }));
    assertFault(withRecord({ root: resigned }), /^round: The rules take round 1002/);
  });

  test("when it draws by another seed", () => {
    const draw = { ...(record.draw as object), seed: "00".repeat(32) } as FairRecord["draw"];
    assertFault(withRecord({ draw }), /^seed: The seed is not the hash/);
  });

  test("when it drops a person who holds a receipt", () => {
    const without = honestLine({ before: 11, tickets: line.roster.toSpliced(4, 1) });
    assert.deepEqual(faultsOf({ ...without, kept: [] }), []);
    assertFault(
      { ...without, kept: [line.kept[4] as Evidence["kept"][0]] },
      /^receipt: .*number 5 .*this person was dropped/,
    );
    assertFault({ ...without, kept: line.kept.slice(-1) }, /^receipt: .*number 17 .*dropped/);
  });

  test("when it tells a person another place than the order gives", () => {
    const told = { ...first, place: (first.place ?? 0) + 1 };
    assertFault({ ...line, kept: [told] }, /^place: The shop told place \d+, and the order gives place \d+/);
  });

  test("when it serves a place before it is called, or takes a call back", () => {
    const [one] = line.served;
    const early = { place: 10, atMs: one?.atMs ?? 0, outcome: "sold" };
    assertFault(
      { ...line, served: [...line.served, early] },
      /^calls: Place 10 got a pass .* up to 4 were called: it was served out of order/,
    );
    const back = { atMs: record.opensAtMs + 60_000, called: 3 };
    assertFault({ ...line, calls: [...line.calls, back] }, /^calls: .* went back from 17 to 3/);
  });

  test("when more units were ordered than places made orders for, and not before all passes are known", () => {
    const { units = 0, untilMs = 0, atMs = 0 } = record.ordered ?? {};
    const withUnits = (more: number, countedMs = atMs) =>
      withRecord({ ordered: { units: units + more, untilMs, atMs: countedMs } });
    assertFault(withUnits(2), /^orders: Units ordered .*: 18; .*: 16\. The difference went to people without a place/);
    assert.deepEqual(faultsOf(withUnits(-2)), [], "orders that failed");
    const ordersOf = (evidence: Evidence) => verify(evidence, tools).find(({ check }) => check === "orders");
    const early = ordersOf(withUnits(2, untilMs + 599_999));
    assert.deepEqual([early?.outcome, /so far/.test(early?.says ?? "")], ["unknown", true]);
    assert.equal(ordersOf(withRecord({ ordered: null }))?.outcome, "unknown");
    const pass = { place: 18, atMs: record.opensAtMs + 30_000, outcome: "spent" };
    assertFault({ ...line, served: [...line.served, pass] }, /^orders: Place 18 got a pass, and the roster has 17/);
    const ofNone = { ...pass, place: 0 };
    assertFault({ ...line, served: [...line.served, ofNone] }, /^orders: Place 0 got a pass, and the roster has 17/);
  });

  test("when it shows different people different rosters", () => {
    const value = { size: 13, root: "ab".repeat(32), atMs: record.opensAtMs };
    const head = signed(value, headText({ dropId: record.dropId, ...value }));
    assertFault({ ...line, heads: [...line.heads, head] }, /^heads: The shop signed two roots over 13 places/);
    assertFault({ ...line, heads: [head] }, /^heads: The head .* over 13 places is not the beginning of this roster/);
    assertFault({ ...line, heads: [{ ...head, signature: "" }] }, /^heads: .*not signed by the shop's key/);
  });

  test("when its record is signed by another key than it shows for itself", () => {
    assertFault(
      { ...line, shopKey: "another" },
      /^key: The record names the key .*, and the shop's own page the key another/,
    );
  });

  test("when it names drand's chain and draws by a key of its own", () => {
    const chain = { ...quicknet, publicKey: ownChain.publicKey };
    assertFault(honestLine({ chain }), /^beacon: The record names drand's quicknet with a key/);
  });
});

describe("a check", () => {
  test("takes no receipt that the shop did not sign, or that is of another drop", () => {
    const { signature, ...place } = first.receipt;
    const changed = { ...place, seq: 2 };
    assertFault(
      { ...line, kept: [{ receipt: { ...changed, signature } }] },
      /^receipt: .*not signed by the shop's key/,
    );
    const elsewhere = { ...place, dropId: "boot" };
    const resigned = signed(elsewhere, receiptText(elsewhere));
    assertFault({ ...line, kept: [{ receipt: resigned }] }, /^receipt: The receipt is of the drop boot/);
  });

  test("says what a page cannot witness: a root that it saw only after the round", () => {
    const seen = first.seen?.map((one) => ({ ...one, seenAtMs: timeOfRound(quicknet, 1_000) + 1 })) ?? [];
    const witness = verify({ ...line, kept: [{ ...first, seen }] }, tools).find(({ check }) => check === "witness");
    assert.equal(witness?.outcome, "unknown");
  });

  test("refuses a record of other rules, and a roster with a ticket twice", () => {
    assertFault(withRecord({ rules: "dropgate-line-2" }), /^rules: /);
    assertFault(
      { ...line, roster: [...line.roster, line.roster[0] as string] },
      /^roster: A ticket stands in the roster twice/,
    );
  });
});
