/** Whoever moves the money: honest, slow, and given to telling things late, twice and in another order. */
import { type Charge, OutcomeUnknown, type Provider } from "../../src/payment/provider.ts";
import type { Network, Process } from "./network.ts";
import type { Planted } from "./planted.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

type Held = Charge & { paymentId: string };
export type Movement = {
  paymentId: string;
  kind: "authorized" | "captured" | "voided" | "refunded";
  amountMinor: number;
};

export type Bank = {
  charges: Map<string, Held>;
  /** Everything that was really done. */
  movements: Movement[];
  /** Webhooks that nobody has accepted yet. */
  undelivered: number;
  connect(network: Network, process: Process): Provider;
};

export type BankOptions = {
  timeline: Timeline;
  random: Random;
  /** Brings a webhook to some living process; false where it was not accepted. */
  deliver(body: Buffer): Promise<boolean>;
  onMovement(movement: Movement): void;
  planted: Planted | undefined;
};

const declining = "0";

export function createBank({ timeline, random, deliver, onMovement, planted }: BankOptions): Bank {
  const charges = new Map<string, Held>();
  const movements: Movement[] = [];
  let events = 0;

  const bank: Bank = {
    charges,
    movements,
    undelivered: 0,
    connect: (network, process) => provider(network, process),
  };

  function move(charge: Held, kind: Movement["kind"]): void {
    charge.status = kind;
    const movement = { paymentId: charge.paymentId, kind, amountMinor: charge.amountMinor };
    movements.push(movement);
    onMovement(movement);
    tell(charge);
  }

  function tell(charge: Held): void {
    const { paymentId, providerRef, status, amountMinor, currency, declineReason } = charge;
    const said = { paymentId, providerRef, status, amountMinor, currency, ...(declineReason && { declineReason }) };
    const body = Buffer.from(JSON.stringify({ eventId: `event ${++events}`, type: `charge.${status}`, charge: said }));
    for (let copies = random.chance(0.2) ? 2 : 1; copies > 0; copies -= 1) {
      // Some are late by seconds, and so overtaken by what happened since.
      send(body, random.chance(0.2) ? random.next() * 6_000 : random.next() * 50, 0);
    }
  }

  function send(body: Buffer, afterMs: number, tries: number): void {
    bank.undelivered += 1;
    timeline.after(afterMs, async () => {
      const noAnswer = new Promise<boolean>((resolve) => timeline.after(3_000, () => resolve(false)));
      const accepted = await Promise.race([deliver(body).catch(() => false), noAnswer]);
      bank.undelivered -= 1;
      if (!accepted && tries < 10) send(body, 1_000 * (tries + 1), tries + 1);
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
      authorize: ({ paymentId, amountMinor, currency, card }) =>
        call("authorize", paymentId, () => {
          const standing = charges.get(paymentId);
          if (standing) return standing;
          const providerRef = `charge ${charges.size + 1}`;
          const charge: Held = { paymentId, providerRef, status: "processing", amountMinor, currency };
          charges.set(paymentId, charge);
          const decide = () => {
            if (!card.number.endsWith(declining)) {
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
      readWebhook: (body) => JSON.parse(body.toString("utf8")),
    };
  }

  return bank;
}
