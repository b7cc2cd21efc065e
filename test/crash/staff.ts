/** The shop's staff goes on working: stock in and out, prices, reloads of the gate, the switch. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../laws/evidence.ts";
import type { Answer, Client, Order, Reconciliation } from "../support/client.ts";
import { insist as insistOn } from "./insist.ts";
import { patiently } from "./patience.ts";
import { enterFile, pickParcels } from "./warehouse.ts";

type Plan = { planId: string; count: number };

/** The action in the middle of the sale, beside the usual ones. */
export type Chore = "rebuild" | "switch" | "refund" | "bulk" | "warehouse" | "none";

export type StaffOptions = {
  admin: Client;
  productId: string;
  name: string;
  chore: Chore;
  goesOn(): boolean;
};

/** Returns the rows of the restock file that was entered; undefined if there was none, or no answer. */
export async function workOn({ admin, productId, name, chore, goesOn }: StaffOptions): Promise<number | undefined> {
  const insist = <B>(ask: () => Promise<Answer<B>>) => insistOn(goesOn, ask);
  const entry = (path: string, body: object, key: string) =>
    insist(() => admin.post(`/inventory/${productId}/${path}`, body, { "idempotency-key": `${name}-${key}` }));

  await sleep(300);
  await entry("restock", { quantity: 4, reason: "another box" }, "first");
  await insist(() => admin.patch(`/products/${productId}`, { price: 2_099 }));
  await entry("adjust", { delta: -2, reason: "broken ones" }, "broken");
  if (chore === "rebuild") await insist(() => admin.post("/admin/sync-redis?mode=rebuild"));
  if (chore === "switch") {
    await insist(() => admin.put("/admin/gatekeeper", { mode: "sync" }));
    await sleep(400);
    await insist(() => admin.put("/admin/gatekeeper", { mode: "gatekeeper" }));
  }
  await entry("restock", { quantity: 3, reason: "the last box" }, "second");
  if (chore === "refund") await refundSome();
  if (chore === "bulk") await refundTogether();
  if (chore !== "warehouse") return undefined;
  const rows = await enterFile({ admin, productId, goesOn });
  await pickParcels({ admin, productId, goesOn });
  return rows;

  /** Refunds all orders that are confirmed by now with one act. */
  async function refundTogether(): Promise<void> {
    const reason = "all came back broken";
    const plan = { filter: { productId, status: "CONFIRMED" }, action: "refund", reason, restock: true };
    while (goesOn()) {
      const { body } = (await insist(() => admin.post<Plan>("/admin/orders/bulk/preview", plan))) ?? {};
      const { planId, count } = body ?? { planId: "", count: 0 };
      if (count >= enoughForBulk) return void (await insist(() => admin.post(`/admin/orders/bulk/${planId}/run`, {})));
      await sleep(300);
    }
  }

  /** Refunds confirmed orders as they appear, half of them with their units. */
  async function refundSome(): Promise<void> {
    const found = new Set<string>();
    while (goesOn() && found.size < enoughRefunds) {
      const { body } = (await patiently(admin.get<{ orders: Order[] }>("/orders?limit=100"))) ?? {};
      for (const { orderId, status } of body?.orders?.filter((one) => one.productId === productId) ?? []) {
        if (status !== "CONFIRMED" || found.has(orderId)) continue;
        found.add(orderId);
        const restock = found.size % 2 === 1;
        await insist(() => admin.post(`/orders/${orderId}/refund`, { reason: "came back broken", restock }));
      }
      await sleep(200);
    }
  }
}

const enoughRefunds = 4;
const enoughForBulk = 3;

/** Reconciles all the time; a shop that does not answer gives no sample. */
export function watch(admin: Client, productIds: readonly string[], goesOn: () => boolean) {
  const samples: Sample[] = [];
  let underWay: Promise<void> | undefined;
  async function look(): Promise<void> {
    const answer = await patiently(admin.get<Reconciliation>("/admin/reconcile"));
    const products = answer?.status === 200 ? answer.body.products : [];
    for (const { productId, status, drift, explanation } of products) {
      if (productIds.includes(productId)) samples.push({ productId, status, drift, explanation });
    }
  }
  async function lookOn(): Promise<void> {
    while (goesOn()) {
      underWay = look();
      await underWay;
      await sleep(150);
    }
  }
  return {
    samples,
    done: lookOn(),
    /** Answers how many samples there are once every later one is of a later moment than now. */
    async countSoFar(): Promise<number> {
      await underWay;
      return samples.length;
    },
  };
}
