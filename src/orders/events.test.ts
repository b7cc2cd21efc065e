import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredRecord } from "#engines/log";
import type { Reservation } from "#inventory";
import { decodeReservation, reservationRecord } from "./events.ts";

const reservation: Reservation = {
  productId: "lamp",
  orderId: "5b1d0e9a-0000-8000-8000-000000000001",
  epoch: 2,
  reservationNo: 7,
  userId: "ada",
  quantity: 1,
  unitPriceMinor: 4900,
  currency: "EUR",
  priceVersion: 1,
  limitPerCustomer: null,
  bodyHash: "",
  reservedAtMs: 1_800_000_000_000,
  payByMs: 1_800_000_900_000,
};

function stored(data: object): StoredRecord {
  const { key, headers } = reservationRecord(reservation);
  const value = Buffer.from(JSON.stringify(data));
  return { key, value, headers: headers ?? {}, offset: 0n, appendedAtMs: 0 };
}

test("a reservation is read as it was written", () => {
  const { value } = reservationRecord(reservation);
  assert.deepEqual(decodeReservation({ ...stored({}), value }), reservation);
});

test("a reservation that an earlier version wrote is read, with its number under the name of today", () => {
  const { reservationNo, ...rest } = reservation;
  assert.deepEqual(decodeReservation(stored({ ...rest, n: reservationNo })), reservation);
});

test("a reservation without a number is refused", () => {
  const { reservationNo: _, ...rest } = reservation;
  assert.throws(() => decodeReservation(stored(rest)), /not a reservation: .*reservationNo/);
});
