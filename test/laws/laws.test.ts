/**
 * Tests that each law detects its own violation and no other. Each is broken in the evidence of a small healthy shop.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { DecidedReservation, Evidence, LineReading, OrderRow, StatementLine } from "./evidence.ts";
import { createJudge } from "./law.ts";
import { laws } from "./laws.ts";
import type { Attempt } from "./wish.ts";

const productId = "lamp";
const payByMs = 10_000;

function accepted(orderId: string): Attempt {
  return { told: "ok", code: "accepted", orderId, beganMs: 1, endedMs: 2 };
}

function order(orderId: string, userId: string, reservationNo: number, end: Partial<OrderRow>): OrderRow {
  return {
    orderId,
    userId,
    productId,
    epoch: 1,
    reservationNo,
    quantity: 1,
    status: "CONFIRMED",
    reason: null,
    totalMinor: 1_000,
    payByMs,
    ...end,
  };
}

function claim(orderId: string, userId: string, reservationNo: number): DecidedReservation {
  const seq = reservationNo + 1;
  return { productId, epoch: 1, reservationNo, fate: "claimed", orderId, userId, quantity: 1, seq };
}

/** Of three units one is sold to Ada; Bob's order ran out of time. */
const healthy: Evidence = {
  atRest: true,
  stock: [{ productId, totalIn: 3, committed: 1, sold: 1, epoch: 1, seq: 4 }],
  entries: [{ productId, ref: "opening", quantity: 3 }],
  stream: [3, 2, 1, 2].map((availableAfter, i) => ({ productId, seq: i + 1, availableAfter })),
  decisions: [claim("a", "ada", 1), claim("b", "bob", 2)],
  outcomes: [
    { productId, epoch: 1, reservationNo: 1, outcome: "sold", quantity: 1, seq: null },
    { productId, epoch: 1, reservationNo: 2, outcome: "released", quantity: 1, seq: 4 },
  ],
  queued: [],
  holdings: [{ productId, userId: "ada", held: 1 }],
  prices: [{ productId, unitPriceMinor: 1_000, currency: "EUR", limitPerCustomer: 2, version: 2 }],
  limits: new Map([[productId, 2]]),
  orders: [order("a", "ada", 1, {}), order("b", "bob", 2, { status: "FAILED", reason: "payment_timeout" })],
  history: [
    { orderId: "a", status: "CONFIRMED", reason: null, atMs: 5_000 },
    { orderId: "b", status: "FAILED", reason: "payment_timeout", atMs: payByMs },
  ],
  refunds: [],
  payments: [{ paymentId: "of a", orderId: "a", state: "captured", givenBackMinor: 0 }],
  statement: [
    { paymentId: "of a", kind: "authorized", amountMinor: 1_000, byHand: false },
    { paymentId: "of a", kind: "captured", amountMinor: 1_000, byHand: false },
  ],
  gate: [
    {
      productId,
      isOpen: true,
      sellable: 2,
      pending: 0,
      records: [],
      epoch: 1,
      applied: 4,
      price: { unitPriceMinor: 1_000, currency: "EUR", limitPerCustomer: 2, version: 2 },
    },
  ],
  gateIsLeft: false,
  terms: [],
  taken: [{ productId, atMs: 1, left: 2, hasPass: false, losses: 0 }],
  free: [],
  samples: [{ productId, status: "OK", drift: 0, explanation: "" }],
  lines: [
    {
      dropId: "rugs",
      lastSeq: 3,
      frozenSize: 2,
      isDrawn: true,
      called: [1, 2],
      places: [
        { seq: 1, userId: "eve", rank: 2, hasLeft: true, wasOffered: true },
        { seq: 2, userId: "joe", rank: 1, hasLeft: false, wasOffered: true },
        { seq: 3, userId: "eve", rank: null, hasLeft: false, wasOffered: false },
      ],
      passes: [{ passId: "p", orderId: "j", seq: 2, userId: "joe", productId: "rug" }],
      exchanged: [],
      told: [
        { dropId: "rugs", userId: "eve", seq: 1, place: null },
        { dropId: "rugs", userId: "eve", seq: 1, place: 2 },
        { dropId: "rugs", userId: "joe", seq: 2, place: 1 },
      ],
      promises: [{ productId: "rug", unspent: 1, free: 1, atMs: 1 }],
      spare: 0,
    },
  ],
  wishes: [
    { user: "ada", productId, key: "k", attempts: [accepted("a")] },
    { user: "bob", productId, key: undefined, attempts: [accepted("b")] },
  ],
  cancelled: new Set(),
  extended: new Map(),
  unfinished: [{ what: "payments are not finished", count: 0 }],
  announced: new Set(["a:CONFIRMED", "b:FAILED"]),
  deadLetters: 0,
  lateWish: {
    user: "zoe",
    productId,
    key: undefined,
    attempts: [{ ...accepted("a"), told: "fail", code: "sold_out" }],
  },
};

const [ada, bob] = healthy.wishes as [Evidence["wishes"][0], Evidence["wishes"][0]];
const [ofAda, ofBob] = healthy.orders as [OrderRow, OrderRow];
const [stock] = healthy.stock as [Evidence["stock"][0]];
const [gate] = healthy.gate as [Evidence["gate"][0]];
const [price] = healthy.prices as [Evidence["prices"][0]];
const [adas, bobs] = healthy.decisions as [DecidedReservation, DecidedReservation];
const [taken] = healthy.taken as [Evidence["taken"][0]];
const [rugs] = healthy.lines as [LineReading];
const [evesFirst, joes, eves] = rugs.places as [
  LineReading["places"][0],
  LineReading["places"][0],
  LineReading["places"][0],
];
const open = { productId, opensAtMs: 0, closesAtMs: 9_000, paused: false, version: 1, beganMs: -2, answeredMs: -1 };
const inMotion = { atRest: false, unfinished: [], announced: undefined, deadLetters: undefined, lateWish: undefined };

function inLine(change: Partial<LineReading>): Pick<Evidence, "lines"> {
  return { lines: [{ ...rugs, ...change }] };
}

function lost(beganMs: number, endedMs: number): Attempt {
  return { told: "info", code: "no_answer", beganMs, endedMs };
}

function line(paymentId: string, kind: StatementLine["kind"]): StatementLine {
  return { paymentId, kind, amountMinor: 1_000, byHand: false };
}

function more(...lines: StatementLine[]): Pick<Evidence, "statement"> {
  return { statement: [...healthy.statement, ...lines] };
}

/** The violations of each law, one or several. */
const wrongs: Record<string, Partial<Evidence>[]> = {
  "oversold units": [
    {
      stock: [{ ...stock, totalIn: 0, seq: 5 }],
      entries: [...healthy.entries, { productId, ref: "out", quantity: -3 }],
      stream: [...healthy.stream, { productId, seq: 5, availableAfter: -1 }],
      gate: [{ ...gate, sellable: 0, pending: 0, epoch: undefined, applied: undefined }],
    },
  ],
  "lost units": [
    { entries: [...healthy.entries, { productId, ref: "box", quantity: 1 }] },
    { stream: healthy.stream.filter(({ seq }) => seq !== 2) },
  ],
  "leaked holds": [
    { queued: [{ productId, epoch: 1, reservationNo: 1, outcome: "sold", quantity: 1 }] },
    {
      // The claim is Bob's, for an order that failed, and nothing was given back.
      outcomes: healthy.outcomes.filter(({ outcome }) => outcome === "sold"),
      stock: [{ ...stock, committed: 2, seq: 3 }],
      stream: healthy.stream.slice(0, 3),
      holdings: [...healthy.holdings, { productId, userId: "bob", held: 1 }],
      gate: [{ ...gate, sellable: 1, applied: 3 }],
    },
  ],
  "holdings miscounted": [{ holdings: [] }, { holdings: [{ productId, userId: "ada", held: 2 }] }],
  "units above a customer's limit": [{ limits: new Map([[productId, 0]]) }],
  "units sold and given back": [
    { outcomes: healthy.outcomes.slice(1), queued: [], stock: [{ ...stock, sold: 0 }] },
    {
      orders: [ofAda, { ...ofBob, status: "CONFIRMED" }],
      history: healthy.history.slice(0, 1),
      announced: new Set(["a:CONFIRMED", "b:CONFIRMED"]),
      payments: [...healthy.payments, { paymentId: "of b", orderId: "b", state: "captured", givenBackMinor: 0 }],
      ...more(line("of b", "captured")),
    },
  ],
  "orders outside the window": [
    { terms: [{ ...open, opensAtMs: 2 }] },
    { terms: [{ ...open, closesAtMs: 1 }], taken: [] },
  ],
  "orders during a pause": [
    { terms: [{ ...open, paused: true }], taken: [] },
    { terms: [open, { ...open, paused: true, version: 2, beganMs: -1, answeredMs: 0 }] },
  ],
  "orders left in a cancelled drop": [{ terms: [{ ...open, closesAtMs: 5_000, cancelled: true }] }],
  "refused while units were free": [
    {
      wishes: [...healthy.wishes, { ...bob, attempts: [{ ...lost(1_600, 1_700), told: "fail", code: "sold_out" }] }],
      free: [{ productId, fromMs: 500, toMs: 1_800 }],
    },
  ],
  "units of refunded orders": [
    { refunds: [{ orderId: "a", restock: true }] },
    { refunds: [{ orderId: "b", restock: false }], entries: [{ productId, ref: "return b", quantity: 3 }] },
  ],
  "gate out of step": [
    { gate: [{ ...gate, epoch: 2 }] },
    { ...inMotion, gate: [{ ...gate, sellable: 3 }] },
    { ...inMotion, gate: [{ ...gate, applied: 5 }] },
    { ...inMotion, gate: [{ ...gate, sellable: 1, pending: 1 }] },
    { ...inMotion, gate: [{ ...gate, sellable: -1, applied: undefined }] },
  ],
  "units that gate and books disagree about": [
    { gate: [{ ...gate, sellable: 3, epoch: undefined, applied: undefined }] },
    { gate: [{ ...gate, isOpen: false }] },
    { gate: [] },
    { ...inMotion, samples: [{ productId, status: "CRITICAL", drift: -1, explanation: "a unit is gone" }] },
  ],
  "prices that gate and books disagree about": [
    { gate: [{ ...gate, price: { ...price, unitPriceMinor: 900, version: 1 } }] },
    { gate: [{ ...gate, price: { ...price, limitPerCustomer: null } }] },
    { gate: [{ ...gate, price: null }] },
  ],
  "charged without order": [
    more(line("of none", "captured")),
    {
      ...inMotion,
      payments: [{ paymentId: "of b", orderId: "b", state: "captured", givenBackMinor: 0 }],
      statement: [line("of b", "captured")],
    },
  ],
  "charged twice or too much": [
    more(line("of a", "captured")),
    {
      payments: [...healthy.payments, { paymentId: "again", orderId: "a", state: "captured", givenBackMinor: 0 }],
      ...more(line("again", "captured")),
    },
  ],
  "confirmed and not paid": [more(line("of a", "refunded"))],
  "given back more than paid": [more(line("x", "captured"), line("x", "refunded"), line("x", "charged_back"))],
  "money held and forgotten": [more(line("x", "authorized"))],
  "accepted and unknown": [{ wishes: [ada, bob, { user: "eve", productId, key: "k", attempts: [accepted("e")] }] }],
  "accepted and refused": [
    { orders: [ofAda, { ...ofBob, reason: "sold_out" }] },
    {
      wishes: [ada, bob, { user: "eve", productId, key: undefined, attempts: [accepted("e")] }],
      decisions: [adas, bobs, { ...claim("e", "eve", 3), fate: "void" }],
      ...inMotion,
    },
  ],
  "accepted and not terminal": [
    {
      orders: [ofAda, { ...ofBob, status: "PAYMENT_PENDING", reason: "payment_undecided" }],
      history: healthy.history.slice(0, 1),
      announced: undefined,
    },
  ],
  "ended before its time": [
    { history: [{ orderId: "b", status: "FAILED", reason: "payment_timeout", atMs: payByMs - 1 }] },
    { history: [{ orderId: "b", status: "PAYMENT_PENDING", reason: "payment_undecided", atMs: payByMs - 1 }] },
    {
      history: [{ orderId: "b", status: "FAILED", reason: "payment_timeout", atMs: payByMs }],
      extended: new Map([["b", payByMs + 1]]),
    },
  ],
  "ended and taken back": [
    { history: [{ orderId: "b", status: "CANCELLED", reason: null, atMs: 1 }] },
    { history: [{ orderId: "a", status: "FAILED", reason: "payment_timeout", atMs: payByMs }] },
  ],
  "ended and not announced": [{ announced: new Set(["a:CONFIRMED"]) }],
  "cancelled unasked": [
    {
      orders: [ofAda, { ...ofBob, status: "CANCELLED" }],
      history: [],
      announced: new Set(["a:CONFIRMED", "b:CANCELLED"]),
    },
  ],
  "claimed twice": [{ decisions: [adas, { ...bobs, orderId: "a" }] }],
  "failed and standing": [
    { wishes: [{ ...ada, attempts: [{ ...accepted("a"), told: "fail", code: "order_failed" }] }, bob] },
    { wishes: [ada, { ...bob, attempts: [{ ...accepted("b"), told: "fail", code: "order_failed" }] }] },
    // The answer to the first attempt was lost, and the retry under its key was refused.
    { wishes: [{ ...ada, attempts: [lost(1, 2), { ...lost(2, 3), told: "fail", code: "sold_out" }] }, bob] },
  ],
  "two orders for one wish": [
    {
      orders: [...healthy.orders, order("c", "ada", 9, { status: "FAILED", reason: "sold_out" })],
      announced: undefined,
    },
  ],
  "places that are not one each": [
    inLine({ lastSeq: 4 }),
    inLine({ places: [{ ...evesFirst, hasLeft: false }, joes, eves] }),
    inLine({ told: [...rugs.told, { dropId: "rugs", userId: "kim", seq: 2, place: 1 }] }),
  ],
  "places ranked out of the roster": [
    inLine({ isDrawn: false }),
    inLine({ frozenSize: 3 }),
    inLine({ places: [evesFirst, joes, { ...eves, rank: 3 }] }),
  ],
  "passes without a unit": [
    inLine({ promises: [...rugs.promises, { productId: "rug", unspent: 2, free: 1, atMs: 2 }] }),
  ],
  "calls taken back": [inLine({ called: [2, 1] })],
  "places that changed": [inLine({ told: [...rugs.told, { dropId: "rugs", userId: "joe", seq: 2, place: 3 }] })],
  "orders without a pass of their own": [
    inLine({ passes: [...rugs.passes, { passId: "q", orderId: "a", seq: 3, userId: "ada", productId }] }),
  ],
  "orders of exchanged passes": [
    inLine({
      passes: [{ passId: "q", orderId: "a", seq: 3, userId: "ada", productId: "rug" }],
      exchanged: ["q"],
    }),
  ],
  "returned units sold past the line": [
    {
      terms: [{ ...open, hasList: true }],
      taken: [
        { ...taken, left: 0, hasPass: true },
        { ...taken, atMs: 2 },
      ],
    },
  ],
  "free units offered to no one": [inLine({ spare: 1 })],
  "work left unfinished": [{ unfinished: [{ what: "refunds are not finished", count: 1 }] }],
  "dead letters": [{ deadLetters: 1 }],
  "shut after the trouble": [
    {
      lateWish: {
        user: "zoe",
        productId,
        key: undefined,
        attempts: [{ ...accepted("z"), told: "fail", code: "closed" }],
      },
    },
  ],
};

describe("the laws", () => {
  const judge = (evidence: Evidence) =>
    createJudge(laws)(evidence).map(({ law, breaches }) => ({ name: law.name, breaches }));

  test("a healthy shop breaks none", () => {
    assert.deepEqual(judge(healthy), []);
    assert.deepEqual(judge({ ...healthy, ...inMotion }), []);
  });

  for (const { name } of laws) {
    test(`only one law reports this violation: ${name}`, () => {
      const ways = wrongs[name] ?? [];
      assert.notEqual(ways.length, 0);
      for (const wrong of ways) {
        const broken = judge({ ...healthy, ...wrong });
        assert.deepEqual(
          broken.map((one) => one.name),
          [name],
          JSON.stringify({ wrong, broken }),
        );
        for (const { count, shows } of broken.flatMap(({ breaches }) => breaches))
          assert.ok(count > 0 && shows.length > 10);
      }
    });
  }

  test("a law whose parts did not change is not evaluated again, and keeps its answer", () => {
    let asked = 0;
    const counting = laws.map((law) => ({
      ...law,
      breaches(evidence: Evidence) {
        asked += 1;
        return law.breaches(evidence);
      },
    }));
    const looking = createJudge(counting);
    const evidence = { ...healthy, deadLetters: 1 };
    const first = looking(evidence).map(({ law }) => law.name);
    assert.equal(asked, laws.length);
    const second = looking({ ...evidence, cancelled: new Set() }).map(({ law }) => law.name);
    assert.deepEqual([first, second], [["dead letters"], ["dead letters"]]);
    assert.equal(asked, laws.length + laws.filter(({ reads }) => reads.includes("cancelled")).length);
  });

  test("every invariant of the protocol page is held by a law, and README.md names no other", async () => {
    const readme = await readFile(new URL("README.md", import.meta.url), "utf8");
    const page = await readFile(new URL("../../docs/guide/protocol.md", import.meta.url), "utf8");
    const known = [...page.matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, code = ""]) => code);
    const named = [...readme.matchAll(/^\| [^|]+ \| ((?:[A-Z]\d+(?:, )?)+) \|/gm)].flatMap(([, codes = ""]) =>
      codes.split(", "),
    );
    assert.deepEqual(new Set(named), new Set(known));
  });

  test("each law is in the file of its name, and in the table of README.md", async () => {
    const files = await readdir(import.meta.dirname);
    const readme = await readFile(new URL("README.md", import.meta.url), "utf8");
    const rows = [...readme.matchAll(/^\| ([^|]+?) \|[^|]*\| (?:always|at rest|always, at rest) \|/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(
      rows,
      laws.map(({ name }) => name),
    );
    for (const { name } of laws) {
      const file = `${name.replaceAll("'", "").replaceAll(" ", "-")}.ts`;
      assert.ok(files.includes(file), file);
    }
  });
});
