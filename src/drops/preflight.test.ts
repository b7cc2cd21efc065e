import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Offer } from "#inventory";
import {
  beaconCheck,
  checksOfProduct,
  holdCheck,
  modeCheck,
  type SeenProduct,
  windowCheck,
} from "./preflight-of-drop.ts";
import {
  clockCheck,
  gateCheck,
  mailCheck,
  paymentCheck,
  reconcileCheck,
  servicesCheck,
  settlementCheck,
} from "./preflight-of-shop.ts";

const failure = { failure: "the line is dead" };

const offer: Offer = { unitPriceMinor: 1_999, currency: "EUR", limitPerCustomer: null, version: 3 };
const whole: SeenProduct = {
  productId: "lamp",
  mode: "gatekeeper",
  offer,
  snapshot: { open: true, sellable: 7, offer },
  report: { status: "OK", explanation: "", onHand: 7, held: 0 },
};
function product(change: Partial<SeenProduct>) {
  return checksOfProduct({ ...whole, ...change });
}

const all = ["settlement", "inventory", "payment", "fulfilment", "order", "product", "notification", "warehouse"];

function lacking(name: string) {
  return servicesCheck({ value: all.filter((one) => one !== name) });
}

function found(WARNING: number, CRITICAL: number) {
  return reconcileCheck({ value: { OK: 1, WARNING, CRITICAL } });
}

function window(opensInMs: number, closesInMs: number) {
  return windowCheck({ opensAt: new Date(opensInMs), closesAt: new Date(closesInMs) }, 0);
}

test("a line that drand orders is refused while the settings name no server of it; a drop for all needs no beacon", () => {
  assert.equal(beaconCheck({ entry: "open", beacon: "drand" }, { value: false }), undefined);
  for (const entry of ["line", "draw"] as const) {
    assert.equal(beaconCheck({ entry, beacon: "drand" }, { value: false })?.status, "fail");
    const silent = beaconCheck({ entry, beacon: "drand" }, { failure: "drand.example: fetch failed" });
    assert.deepEqual([silent?.status, /drand\.example: fetch failed\.$/.test(silent?.says ?? "")], ["warn", true]);
    assert.equal(beaconCheck({ entry, beacon: "drand" }, { value: true })?.status, "ok");
    assert.equal(beaconCheck({ entry, beacon: "own" }, { value: false })?.status, "ok");
  }
});

describe("the checks before a drop", () => {
  const rows = [
    ["a drop that opens later", window(1, 2), "ok"],
    ["a drop whose opening is past", window(-1, 2), "warn"],
    ["a drop whose closing is past", window(-2, 0), "fail"],
    ["two minutes to pay", holdCheck({ holdSeconds: 120 }), "ok"],
    ["less than two minutes to pay", holdCheck({ holdSeconds: 119 }), "warn"],
    ["the gate decides", modeCheck("gatekeeper"), "ok"],
    ["the books decide", modeCheck("sync"), "warn"],
    ["a closed shop", modeCheck("closed"), "fail"],
    ["a product on sale", product({}), "ok"],
    ["a product that does not exist", product({ offer: undefined }), "fail"],
    ["a product that the gate does not know", product({ snapshot: undefined }), "fail"],
    ["a product closed at the gate", product({ snapshot: { open: false, sellable: 7, offer } }), "fail"],
    [
      "another price at the gate",
      product({ snapshot: { open: true, sellable: 7, offer: { ...offer, version: 2 } } }),
      "fail",
    ],
    ["a product without units", product({ snapshot: { open: true, sellable: 0, offer } }), "warn"],
    [
      "units that differ a little",
      product({ report: { status: "WARNING", explanation: "differs", onHand: 7, held: 0 } }),
      "warn",
    ],
    [
      "units that differ",
      product({ report: { status: "CRITICAL", explanation: "differs", onHand: 7, held: 0 } }),
      "fail",
    ],
    ["a product while the books decide", product({ mode: "sync", snapshot: undefined }), "ok"],
    ["a gate that takes orders", gateCheck({ value: {} }), "ok"],
    ["a gate that refuses orders", gateCheck(failure), "fail"],
    ["no comparison yet", reconcileCheck({ value: undefined }), "ok"],
    ["a comparison without findings", found(0, 0), "ok"],
    ["a comparison with a small finding", found(1, 0), "warn"],
    ["a comparison with a bad finding", found(3, 1), "fail"],
    ["books that cannot be compared", reconcileCheck(failure), "warn"],
    ["all services", servicesCheck({ value: all }), "ok"],
    ["no settlement", lacking("settlement"), "fail"],
    ["no sagas", lacking("fulfilment"), "fail"],
    ["no mails of orders", lacking("notification"), "warn"],
    ["services that are not known", servicesCheck(failure), "warn"],
    ["nothing to settle", settlementCheck({ value: 0 }), "ok"],
    ["orders that wait for settlement", settlementCheck({ value: 12 }), "warn"],
    ["a log that is away", settlementCheck(failure), "fail"],
    ["a clock that agrees", clockCheck("gate", { value: -100 }), "ok"],
    ["a clock that is visibly behind", clockCheck("gate", { value: -101 }), "warn"],
    ["a clock that is far ahead", clockCheck("database", { value: 1_001 }), "fail"],
    ["a clock that is not heard", clockCheck("gate", failure), "fail"],
    ["a payment provider that answers", paymentCheck({ value: undefined }), "ok"],
    ["a payment provider that is away", paymentCheck(failure), "fail"],
    ["a mail server that answers", mailCheck({ value: true }), "ok"],
    ["no mail server", mailCheck({ value: false }), "warn"],
    ["a mail server that is away", mailCheck(failure), "warn"],
  ] as const;

  test("each is ok, or says what to do; only what stops a sale refuses the scheduling", () => {
    for (const [name, { status, says, mend }, expected] of rows) {
      assert.equal(status, expected, name);
      assert.match(says, /^[A-Z0-9].*\.$/, name);
      assert.equal(mend === undefined, expected === "ok", name);
    }
  });

  test("a part that is silent is named with its reason", () => {
    for (const judge of [gateCheck, reconcileCheck, servicesCheck, settlementCheck, paymentCheck, mailCheck]) {
      assert.match(judge(failure).says, /the line is dead/);
    }
    assert.match(clockCheck("database", failure).says, /the line is dead/);
  });
});
