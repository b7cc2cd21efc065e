/** The records that orders write into the log, and those that they refuse to read from it: also wire.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StoredRecord } from "#engines/log";
import type { Reservation } from "#inventory";
import {
  changeEventOf,
  decodeReservation,
  orderEventRecord,
  reservationRecord,
  settledEvents,
  settledEventsOf,
} from "./events.ts";
import { undecidedReason } from "./state.ts";
import { statuses } from "./wire.ts";

const orderId = "9f86d081-884c-8d65-9a2f-eaa0c55ad015";
const reservation: Reservation = {
  orderId,
  productId: "lamp",
  epoch: 1,
  reservationNo: 7,
  userId: "ada",
  quantity: 2,
  unitPriceMinor: 4_900,
  currency: "EUR",
  priceVersion: 3,
  limitPerCustomer: null,
  bodyHash: "",
  reservedAtMs: 1_800_000_000_000,
  payByMs: 1_800_000_060_000,
};
const order = { ...reservation, totalMinor: 9_800, reason: null, payBy: new Date(reservation.payByMs) };
const at = new Date("2030-01-01T00:00:00Z");

describe("a reservation in the log", () => {
  const { value, headers = {}, key } = reservationRecord(reservation);
  const stored = (changes: object): StoredRecord => ({
    key,
    headers,
    value: Buffer.from(JSON.stringify({ ...JSON.parse(value.toString()), ...changes })),
    offset: 0n,
    appendedAtMs: at.getTime(),
  });

  test("is read as it was written, under its order's key", () => {
    assert.equal(key, orderId);
    assert.deepEqual(decodeReservation(stored({})), reservation);
  });

  test("that an earlier version wrote is read with its number", () => {
    assert.deepEqual(decodeReservation(stored({ reservationNo: undefined, n: 7 })), reservation);
  });

  for (const [what, changes, says] of [
    ["without a number", { reservationNo: undefined }, /reservationNo/],
    ["of no units", { quantity: 0 }, /\/quantity/],
    ["of more units than the books count", { quantity: 2 ** 31 }, /\/quantity/],
    ["of a product with a control character", { productId: "lamp\u0000" }, /\/productId/],
    ["of half a letter", { userId: "\ud800" }, /\/userId/],
    ["whose order is no UUID in lower case", { orderId: orderId.toUpperCase() }, /\/orderId is not a UUID/],
    ["of more money than can be counted", { unitPriceMinor: 2 ** 53 - 1 }, /more than can be paid/],
    ["of a moment that no Date holds", { payByMs: 9e15 }, /\/payByMs/],
    ["of another currency's spelling", { currency: "eur" }, /\/currency/],
  ] as const) {
    test(`${what} is refused by name`, () => {
      assert.throws(() => decodeReservation(stored(changes)), says);
    });
  }

  test("that is not text at all is refused", () => {
    assert.throws(() => decodeReservation({ ...stored({}), value: Buffer.from([0xff, 0xfe]) }));
  });
});

describe("a change of an order", () => {
  test("has one type and one id for each status, so that a listener drops repeats", () => {
    const events = statuses
      .filter((status) => status !== "PENDING")
      .map((status) => changeEventOf({ ...order, status }, at));
    const undecided = changeEventOf({ ...order, status: "PAYMENT_PENDING", reason: undecidedReason }, at);
    const all = [...events, undecided];
    // Its next attempt under the same key, and so with the same order id, may fail too.
    const fenced = changeEventOf({ ...order, status: "FAILED", reason: "fenced" }, at);
    assert.equal(new Set([...all, fenced].map(({ id }) => id)).size, all.length + 1);
    assert.equal(new Set(all.map(({ type }) => type)).size, all.length);
    assert.deepEqual(changeEventOf({ ...order, status: "FAILED" }, at).id, `${orderId}:FAILED`);
  });

  test("is keyed by its order, so that the changes of one order stay in sequence", () => {
    assert.equal(orderEventRecord(changeEventOf({ ...order, status: "CONFIRMED" }, at)).key, orderId);
  });

  test("into the books is kept once and told as the changes that it is", () => {
    const [settled, failed] = [
      { reservation, status: "PAYMENT_PENDING", reason: null } as const,
      { reservation, status: "FAILED", reason: "sold_out" } as const,
    ].map((one) => settledEvents(JSON.parse(JSON.stringify(settledEventsOf(one, at)))));
    assert.deepEqual(settled, [
      changeEventOf({ ...order, status: "INVENTORY_RESERVED" }, at),
      changeEventOf({ ...order, status: "PAYMENT_PENDING" }, at),
    ]);
    assert.deepEqual(failed, [changeEventOf({ ...order, status: "FAILED", reason: "sold_out" }, at)]);
  });

  test("says until when it can be paid, while it can be", () => {
    const payByIn = (status: (typeof statuses)[number], reason: string | null = null) =>
      status === "PENDING" ? undefined : changeEventOf({ ...order, status, reason }, at).data.payBy;
    const payable = statuses.filter((status) => payByIn(status) !== undefined);
    assert.deepEqual(payable, ["INVENTORY_RESERVED", "PAYMENT_PENDING"]);
    assert.equal(payByIn("PAYMENT_PENDING"), order.payBy.toISOString());
    assert.equal(payByIn("PAYMENT_PENDING", undecidedReason), undefined);
  });

  test("never belongs to an order that is not in the books", () => {
    assert.throws(() => changeEventOf({ ...order, status: "PENDING" }, at), /it is not pending/);
  });
});
