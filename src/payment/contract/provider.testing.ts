/** Tests what every payment provider promises. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type Authorization, OutcomeUnknown, type PayMethod, type Provider } from "../provider.ts";
import type { DeedByHand } from "../simulator/by-hand.ts";

export type Delivery = { body: Buffer; headers: Record<string, string> };

export type ProviderStage = {
  provider: Provider;
  methods: Readonly<Record<"approved" | "declined" | "unfunded", PayMethod>>;
  /** Of the next payment that is made with the returned method, the answer to this operation is lost. */
  loseAnswerOf(operation: "authorize" | "capture"): PayMethod;
  /** The provider decides what it has not decided yet. */
  decide(): Promise<void>;
  /** Staff of the provider and card holders act past the shop. */
  byHand(paymentId: string, deed: DeedByHand): Promise<void>;
  /** Each movement of money, as `kind amount currency`, in the shop's minor units. */
  statement(paymentId: string): Promise<string[]>;
  /** The webhooks since the last call. */
  webhooks(): Promise<Delivery[]>;
  passMs(ms: number): void;
  close(): Promise<void>;
};

export function describeProvider(name: string, open: () => Promise<ProviderStage>): void {
  describe(`the payment provider on ${name}`, () => {
    let stage: ProviderStage;
    let provider: Provider;
    before(async () => {
      stage = await open();
      provider = stage.provider;
    });
    after(() => stage.close());

    function request(method = stage.methods.approved, money = { amountMinor: 4_999, currency: "EUR" }): Authorization {
      return { paymentId: randomUUID(), orderId: randomUUID(), ...money, method };
    }

    const lookup = ({ method: _, ...attempt }: Authorization) => provider.lookup({ ...attempt, providerRef: null });

    /** The payment as it is once the provider has decided. */
    async function decided(asked = request()) {
      await provider.authorize(asked);
      await stage.decide();
      const charge = await lookup(asked);
      assert.ok(charge);
      const { paymentId, amountMinor, currency } = asked;
      const ref = { paymentId, providerRef: charge.providerRef, amountMinor, currency };
      return { ref, charge, statement: () => stage.statement(paymentId) };
    }

    async function captured() {
      const payment = await decided();
      assert.equal((await provider.capture(payment.ref)).status, "captured");
      return payment;
    }

    const timesThree = <T>(work: () => Promise<T>) => Promise.all([work(), work(), work()]);

    test("holds the amount, and takes it once, however often it is asked", async () => {
      const { ref, charge, statement } = await decided();
      assert.deepEqual(
        [charge.status, charge.amountMinor, charge.currency, await statement()],
        ["authorized", 4_999, "EUR", ["authorized 4999 EUR"]],
      );
      const answers = await timesThree(() => provider.capture(ref).catch((error) => error));
      assert.ok(answers.some((answer) => answer.status === "captured"));
      assert.equal((await provider.capture(ref)).status, "captured");
      assert.deepEqual(await statement(), ["authorized 4999 EUR", "captured 4999 EUR"]);
    });

    test("holds the amount once for one payment, however often it is asked", async () => {
      const asked = request();
      const [first] = await timesThree(() => provider.authorize(asked).catch(() => undefined));
      await stage.decide();
      const again = await provider.authorize(asked);
      assert.equal(again.providerRef, first?.providerRef ?? again.providerRef);
      assert.deepEqual(await stage.statement(asked.paymentId), ["authorized 4999 EUR"]);
    });

    for (const [method, reason] of [
      ["declined", "card_declined"],
      ["unfunded", "insufficient_funds"],
    ] as const) {
      test(`says ${reason} of a card that is ${method}, and holds nothing`, async () => {
        const { charge, statement } = await decided(request(stage.methods[method]));
        assert.deepEqual([charge.status, charge.declineReason], ["declined", reason]);
        assert.deepEqual(await statement(), []);
      });
    }

    test("knows no payment that it was not asked for", async () => {
      assert.equal(await lookup(request()), undefined);
    });

    test("is asked by our own id for a hold whose answer was lost", async () => {
      const asked = request(stage.loseAnswerOf("authorize"));
      await assert.rejects(provider.authorize(asked), OutcomeUnknown);
      await stage.decide();
      for (const charge of await timesThree(() => lookup(asked))) assert.equal(charge?.status, "authorized");
      assert.deepEqual(await stage.statement(asked.paymentId), ["authorized 4999 EUR"]);
    });

    test("captures once if the answer to the first capture was lost", async () => {
      const { ref, statement } = await decided(request(stage.loseAnswerOf("capture")));
      await assert.rejects(provider.capture(ref), OutcomeUnknown);
      assert.equal((await provider.capture(ref)).status, "captured");
      assert.deepEqual(await statement(), ["authorized 4999 EUR", "captured 4999 EUR"]);
    });

    test("lets a hold go once, and captures nothing of it after that", async () => {
      const { ref, statement } = await decided();
      for (const _ of [1, 2]) assert.equal((await provider.void(ref)).status, "voided");
      assert.equal((await provider.capture(ref)).status, "voided");
      assert.deepEqual(await statement(), ["authorized 4999 EUR", "voided 4999 EUR"]);
    });

    test("captures nothing of a hold that lapsed", async () => {
      const { ref, statement } = await decided();
      await stage.byHand(ref.paymentId, { deed: "void" });
      assert.equal((await provider.capture(ref)).status, "voided");
      assert.deepEqual(await statement(), ["authorized 4999 EUR", "voided 4999 EUR"]);
    });

    test("captures nothing if more is asked for than was held", async () => {
      const { ref, statement } = await decided();
      assert.equal((await provider.capture({ ...ref, amountMinor: 5_000 })).status, "authorized");
      assert.deepEqual(await statement(), ["authorized 4999 EUR"]);
    });

    test("gives captured money back once, however often it is asked", async () => {
      const { ref, statement } = await captured();
      await timesThree(() => provider.refund(ref).catch(() => undefined));
      assert.equal((await provider.refund(ref)).status, "refunded");
      assert.deepEqual(await statement(), ["authorized 4999 EUR", "captured 4999 EUR", "refunded 4999 EUR"]);
    });

    test("gives back the rest of what was given back in part by hand", async () => {
      const { ref, statement } = await captured();
      await stage.byHand(ref.paymentId, { deed: "refund", amountMinor: 1_000 });
      const partly = await provider.lookup({ ...ref, orderId: randomUUID() });
      assert.deepEqual([partly?.status, partly?.givenBackMinor], ["captured", 1_000]);
      assert.equal((await provider.refund(ref)).status, "refunded");
      assert.deepEqual((await statement()).slice(2), ["refunded 1000 EUR", "refunded 3999 EUR"]);
    });

    test("answers an impossible operation with the state of the charge", async () => {
      const held = await decided();
      assert.equal((await provider.refund(held.ref)).status, "authorized");
      const taken = await captured();
      assert.equal((await provider.void(taken.ref)).status, "captured");
      await assert.rejects(provider.void({ paymentId: randomUUID(), providerRef: null }), /no.* payment/);
    });

    for (const [amountMinor, currency] of [
      [5_000, "JPY"],
      [1_250, "KWD"],
      [5_000, "ISK"],
      [1_234_500, "MGA"],
    ] as const) {
      test(`counts ${currency} in its own minor units`, async () => {
        const { ref, charge, statement } = await decided(request(undefined, { amountMinor, currency }));
        assert.deepEqual([charge.amountMinor, charge.currency], [amountMinor, currency]);
        assert.equal((await provider.capture(ref)).amountMinor, amountMinor);
        assert.equal((await provider.refund(ref)).status, "refunded");
        const lines = ["authorized", "captured", "refunded"].map((kind) => `${kind} ${amountMinor} ${currency}`);
        assert.deepEqual(await statement(), lines);
      });
    }

    /** The charges that the webhooks tell of one payment, in order. */
    async function saidOf(paymentId: string): Promise<string[]> {
      const said: string[] = [];
      for (const { body, headers } of await stage.webhooks()) {
        const event = await provider.readWebhook(body, headers);
        assert.ok(event);
        if (event.charge?.paymentId !== paymentId) continue;
        const { status, dispute, givenBackMinor } = event.charge;
        said.push([status, dispute, givenBackMinor].filter((word) => word !== undefined).join(" "));
      }
      return said;
    }

    test("tells each change of a charge by webhook", async () => {
      await stage.webhooks();
      const { ref } = await decided();
      assert.deepEqual(await saidOf(ref.paymentId), ["authorized"]);
      await provider.capture(ref);
      assert.deepEqual(await saidOf(ref.paymentId), ["captured"]);
      await stage.byHand(ref.paymentId, { deed: "refund", amountMinor: 1_000 });
      assert.deepEqual(await saidOf(ref.paymentId), ["captured 1000"]);
      await provider.refund(ref);
      assert.match((await saidOf(ref.paymentId)).join(), /^refunded/);
      const declined = await decided(request(stage.methods.declined));
      assert.deepEqual(await saidOf(declined.ref.paymentId), ["declined"]);
    });

    test("tells by webhook that a charge is disputed, and how the dispute ends", async () => {
      const [won, lost] = [await captured(), await captured()];
      await stage.webhooks();
      for (const { ref } of [won, lost]) await stage.byHand(ref.paymentId, { deed: "dispute" });
      assert.deepEqual(await saidOf(won.ref.paymentId), ["captured opened"]);
      await stage.byHand(won.ref.paymentId, { deed: "win_dispute" });
      assert.deepEqual(await saidOf(won.ref.paymentId), ["captured won"]);
      await stage.byHand(lost.ref.paymentId, { deed: "charge_back" });
      assert.deepEqual(await saidOf(lost.ref.paymentId), ["charged_back"]);
      assert.equal((await provider.refund(lost.ref)).status, "charged_back");
    });

    test("reads no webhook that is altered, unsigned or old", async () => {
      await stage.webhooks();
      await decided();
      const [delivery] = await stage.webhooks();
      assert.ok(delivery);
      const { body, headers } = delivery;
      const first = await provider.readWebhook(body, headers);
      assert.equal((await provider.readWebhook(body, headers))?.eventId, first?.eventId, "a copy has the same id");
      const altered = Buffer.from(body.toString().replace("4999", "9999"));
      assert.equal(await provider.readWebhook(altered, headers), undefined);
      assert.equal(await provider.readWebhook(body, {}), undefined);
      stage.passMs(10 * 60_000);
      assert.equal(await provider.readWebhook(body, headers), undefined);
    });
  });
}
