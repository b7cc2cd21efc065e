/**
 * The checks before a drop is scheduled: its own window and products, at the gate and in inventory's books, and what the
 * shop needs to serve it. A check that is not ok says what to do. Nothing is changed by looking.
 */

import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import { goOn, within } from "#platform/deadline";
import { messageOf } from "#platform/thrown";
import type { Drop } from "./drop-rows.ts";
import {
  type Answer,
  beaconCheck,
  type Check,
  checksOfProduct,
  holdCheck,
  modeCheck,
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

export type { Check } from "./preflight-of-drop.ts";

/** Reads the parts of the shop that drops do not use for anything else. */
export type ShopSigns = {
  /** The time that all processes share, milliseconds since 1970. */
  databaseMs(): Promise<number>;
  /** The services that run in any process of the shop. */
  services(): Promise<readonly string[]>;
  /** @throws if the payment provider does not answer. */
  paymentAnswers(): Promise<void>;
  /** Whether a mail server is set. @throws if it does not take mails. */
  mailSends(): Promise<boolean>;
  /** Whether the settings name servers of drand. @throws if none of them has its newest round. */
  drandAnswers(): Promise<boolean>;
};

/** `canBeForced` false: a product does not exist, so there is nothing whose sale could be set. */
export type Preflight = { checks: Check[]; canBeForced: boolean };

export type PreflightOptions = {
  inventory: Inventory;
  orders: Pick<Orders, "lag">;
  signs: ShopSigns;
  now(): number;
};

/** A part that is slower counts as silent, so that the list comes while an engine hangs. */
const answerWithinMs = 2_000;

export function createPreflight({ inventory, orders, signs, now }: PreflightOptions) {
  const { gate, agreement } = inventory;

  /** How far a clock is from ours at least: the answer's own delay is left out. */
  async function skewOf(readMs: () => Promise<number>): Promise<number> {
    const before = now();
    const readAt = await readMs();
    const after = now();
    return Math.min(readAt - before, 0) + Math.max(readAt - after, 0);
  }

  async function reconciled() {
    await agreement.reconciliation.recall();
    return agreement.reconciliation.latest()?.products;
  }

  return async function preflightOf(drop: Drop): Promise<Preflight> {
    const { mode } = await agreement.mode.read();
    const isDrawnByDrand = drop.entry !== "open" && drop.beacon === "drand";
    const [products, drand, ...ofShop] = await Promise.all([
      checksOfProducts(drop, inventory, mode),
      answerOf(isDrawnByDrand ? signs.drandAnswers() : Promise.resolve(false)),
      answerOf(agreement.readiness.couldTake()).then(gateCheck),
      answerOf(reconciled()).then(reconcileCheck),
      answerOf(signs.services()).then(servicesCheck),
      answerOf(orders.lag()).then(settlementCheck),
      answerOf(skewOf(signs.databaseMs)).then((answer) => clockCheck("database", answer)),
      answerOf(skewOf(gate.clockMs)).then((answer) => clockCheck("gate", answer)),
      answerOf(signs.paymentAnswers()).then(paymentCheck),
      answerOf(signs.mailSends()).then(mailCheck),
    ]);
    const entry = [beaconCheck(drop, drand) ?? []].flat();
    const own = [windowCheck(drop, now()), ...entry, holdCheck(drop), modeCheck(mode), ...products.checks];
    return { checks: [...own, ...ofShop], canBeForced: products.canBeForced };
  };
}

async function checksOfProducts({ products }: Drop, { gate, books, agreement }: Inventory, mode: string) {
  const ids = products.map(({ productId }) => productId);
  // A product that was just made is known once its event has been read.
  const offers = new Map<string, Awaited<ReturnType<typeof books.products.offerOf>>>();
  const find = async (id: string) => {
    offers.set(id, (await books.products.find(id)) === "known" ? await books.products.offerOf(id) : undefined);
  };
  await Promise.all(ids.map(find));
  const [snapshots, { products: reports }] = await Promise.all([
    gate.snapshot(ids).catch(() => []),
    agreement.reconciliation.run(ids),
  ]);
  const checks = ids.map((productId) =>
    checksOfProduct({
      productId,
      mode,
      offer: offers.get(productId),
      snapshot: snapshots.find((one) => one.productId === productId),
      report: reports.find((one) => one.productId === productId),
    }),
  );
  return { checks, canBeForced: ids.every((id) => offers.get(id)) };
}

async function answerOf<T>(work: Promise<T>): Promise<Answer<T>> {
  const answer = work.then(
    (value) => ({ value }),
    (error) => ({ failure: messageOf(error) }),
  );
  return (await within(answerWithinMs, answer, goOn)) ?? { failure: `no answer within ${answerWithinMs / 1_000} s` };
}
