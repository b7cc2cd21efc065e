/** Simulates the payment provider: honest and slow; its webhooks come late, twice and in another order. */
import { type Charge, cardOf, OutcomeUnknown, type Provider } from "../../src/payment/provider.ts";
import type { Network, Process } from "./network.ts";
import type { Planted } from "./planted.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

type Held = Charge & { paymentId: string };
export type Movement = {
  paymentId: string;
  kind: "authorized" | "captured" | "voided" | "refunded" | "charged_back";
  amountMinor: number;
  /** By hand, by people at the bank. */
  byHand: boolean;
};

export type Bank = {
  charges: Map<string, Held>;
  /** Every operation that really happened. */
  movements: Movement[];
  /** Webhooks that were not accepted yet. */
  undelivered: number;
  connect(network: Network, process: Process): Provider;
  /** People at the bank, or a card's holder, bypass the shop. Returns the operation, if one was possible. */
  doByHand(deed?: RareDeed): string | undefined;
};

export type BankOptions = {
  timeline: Timeline;
  random: Random;
  /** Delivers a webhook to some living process; false if it was not accepted. */
  deliver(body: Buffer): Promise<boolean>;
  onMovement(movement: Movement): void;
  planted: Planted | undefined;
};

const declining = "0";
const onHeld = ["capture", "let go"] as const;
const onTaken = ["void", "refund", "refund a part", "dispute"] as const;

/** `report void`: the message is false at first, and sometimes true later. */
export const rareDeeds = ["capture less", "report void"] as const;
export type RareDeed = (typeof rareDeeds)[number];
const possibleOn = { "capture less": "authorized", "report void": "captured" } as const;

export function createBank({ timeline, random, deliver, onMovement, planted }: BankOptions): Bank {
  const charges = new Map<string, Held>();
  const movements: Movement[] = [];
  let events = 0;

  const bank: Bank = {
    charges,
    movements,
    undelivered: 0,
    connect: (network, process) => provider(network, process),
    doByHand,
  };

  function move(charge: Held, kind: Movement["kind"], byHand = false): void {
    const { paymentId, amountMinor, givenBackMinor = 0 } = charge;
    charge.status = kind;
    const isGivenBack = kind === "refunded" || kind === "charged_back";
    if (kind === "refunded") delete charge.givenBackMinor;
    book({ paymentId, kind, amountMinor: isGivenBack ? amountMinor - givenBackMinor : amountMinor, byHand });
    tell(charge);
  }

  function book(movement: Movement): void {
    movements.push(movement);
    onMovement(movement);
  }

  function doByHand(rare?: RareDeed): string | undefined {
    const possible: readonly string[] = rare ? [possibleOn[rare]] : ["authorized", "captured"];
    const some = [...charges.values()].filter(({ status }) => possible.includes(status));
    const charge = some.length > 0 ? random.pick(some) : undefined;
    if (!charge) return undefined;
    const { paymentId, amountMinor, givenBackMinor = 0 } = charge;
    const deed = rare ?? random.pick(charge.status === "authorized" ? onHeld : onTaken);
    switch (deed) {
      case "capture less":
        charge.amountMinor -= 400;
        move(charge, "captured", true);
        break;
      case "report void":
        tell({ ...charge, status: "voided" });
        timeline.after(random.next() * 10_000, () => {
          if (charge.status === "captured" && random.chance(0.7)) becomeVoid(charge);
        });
        break;
      case "capture":
        move(charge, "captured", true);
        break;
      case "let go":
        move(charge, "voided", true);
        break;
      case "void":
        becomeVoid(charge);
        break;
      case "refund":
        move(charge, "refunded", true);
        break;
      case "refund a part": {
        if (givenBackMinor + 400 >= amountMinor) return undefined;
        charge.givenBackMinor = givenBackMinor + 400;
        book({ paymentId, kind: "refunded", amountMinor: 400, byHand: true });
        tell(charge);
        break;
      }
      case "dispute": {
        tell(charge, "opened");
        // The holder wins or loses, some time later.
        timeline.after(random.next() * 5_000, () => {
          if (charge.status !== "captured") return;
          if (random.chance(0.5)) move(charge, "charged_back", true);
          else tell(charge, "won");
        });
        break;
      }
    }
    return deed;
  }

  function becomeVoid(charge: Held): void {
    const { paymentId, amountMinor, givenBackMinor = 0 } = charge;
    book({ paymentId, kind: "refunded", amountMinor: amountMinor - givenBackMinor, byHand: true });
    charge.status = "voided";
    tell(charge);
  }

  function tell(charge: Held, dispute?: Charge["dispute"]): void {
    const { paymentId, providerRef, status, amountMinor, currency, declineReason, givenBackMinor } = charge;
    const said: Held = {
      paymentId,
      providerRef,
      status,
      amountMinor,
      currency,
      ...(declineReason && { declineReason }),
      ...(givenBackMinor !== undefined && { givenBackMinor }),
      ...(dispute && { dispute }),
    };
    // Planted: news that money went back is read as a declined card.
    if (planted === "refund-as-decline" && status === "refunded") said.status = "declined";
    events += 1;
    const body = Buffer.from(JSON.stringify({ eventId: `event ${events}`, type: `charge.${status}`, charge: said }));
    for (let copies = random.chance(0.2) ? 2 : 1; copies > 0; copies -= 1) {
      // Some are late by seconds, so later events overtake them.
      send(body, random.chance(0.2) ? random.next() * 6_000 : random.next() * 50, 0);
    }
  }

  function send(body: Buffer, afterMs: number, tries: number): void {
    bank.undelivered += 1;
    timeline.after(afterMs, async () => {
      const noAnswer = new Promise<boolean>((resolve) => timeline.after(3_000, () => resolve(false)));
      const accepted = await Promise.race([deliver(body).catch(() => false), noAnswer]);
      bank.undelivered -= 1;
      // A provider repeats for days, longer than any schedule.
      if (!accepted) send(body, Math.min(10_000, 1_000 * (tries + 1)), tries + 1);
    });
  }

  function provider(network: Network, process: Process): Provider {
    const call = (operation: string, paymentId: string, work: () => Charge | undefined) =>
      network.call({
        process,
        says: `bank ${operation}`,
        effect: () => {
          const charge = work();
          return charge && { ...charge };
        },
        unanswered: () => new OutcomeUnknown(operation, paymentId),
      });
    const operate = (operation: string, paymentId: string, from: string, to: Movement["kind"]) =>
      call(operation, paymentId, () => {
        const charge = charges.get(paymentId);
        if (!charge) throw new Error(`the bank knows no payment ${operation}`);
        const again = planted === "captured-twice" && operation === "capture" && charge.status === "captured";
        if (charge.status === from || again) move(charge, to);
        return charge;
      }) as Promise<Charge>;

    return {
      name: "bank",
      takes: "card",
      authorize: ({ paymentId, amountMinor, currency, method }) =>
        call("authorize", paymentId, () => {
          const standing = charges.get(paymentId);
          if (standing) return standing;
          const providerRef = `charge ${charges.size + 1}`;
          const charge: Held = { paymentId, providerRef, status: "processing", amountMinor, currency };
          charges.set(paymentId, charge);
          const decide = () => {
            if (!cardOf({ method }).number.endsWith(declining)) {
              move(charge, "authorized");
              return planted === "captured-at-once" ? move(charge, "captured") : undefined;
            }
            Object.assign(charge, { status: "declined", declineReason: "card_declined" });
            tell(charge);
          };
          if (random.chance(0.2)) decide();
          else
            timeline.after(
              random.next() * random.pick([100, 100, 100, 100, 100, 100, 100, 8_000, 8_000, 30_000]),
              decide,
            );
          return charge;
        }) as Promise<Charge>,
      capture: ({ paymentId }) => operate("capture", paymentId, "authorized", "captured"),
      void: ({ paymentId }) => operate("void", paymentId, "authorized", "voided"),
      refund: ({ paymentId }) => operate("refund", paymentId, "captured", "refunded"),
      lookup: ({ paymentId }) => call("lookup", paymentId, () => charges.get(paymentId)),
      // No schedule restores the books.
      async *chargesSince() {},
      check: async () => {},
      readWebhook: async (body) => JSON.parse(body.toString("utf8")),
    };
  }

  return bank;
}
