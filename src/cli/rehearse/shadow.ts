/** Makes the shadow products of a rehearsal and their drop, and takes them off sale at its end. */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs, systemClock } from "#platform/clock";
import type { DropView } from "#wire/drops";
import { advised, Refused } from "../ask.ts";
import type { Answer, Person } from "./client.ts";
import type { ShadowProduct } from "./evidence.ts";

export type Shadow = { dropId: string; products: ShadowProduct[] };
type Terms = { price: number; currency: string; limitPerCustomer?: number | null };

const usual: Terms = { price: 4_900, currency: "EUR", limitPerCustomer: 2 };
const lastsMs = 24 * 3_600_000;
/** The shortest that a drop may have, so that a rehearsal sees orders end by themselves. */
export const shortHoldSeconds = 60;

/** Repeats a staff's request until it is answered. @throws Refused for a refusal, or when the patience is over. */
export type Staff = (method: string, path: string, body?: unknown, key?: string) => Promise<Record<string, unknown>>;

export function createStaff(admin: Person, patienceMs: number): Staff {
  return async (method, path, body, key) => {
    const untilMs = elapsedMs() + patienceMs;
    const headers = key === undefined ? {} : { "idempotency-key": key };
    for (;;) {
      const answer: Answer | undefined = await admin(method, path, body, { headers });
      if (answer && answer.status < 300) return answer.body;
      const { code, detail } = answer?.body ?? {};
      if (doneBefore.has(String(code))) return answer?.body ?? {};
      const says = answer ? `was answered ${answer.status} ${code}: ${detail}` : "was not answered";
      const mayChange = !answer || answer.status >= 500 || answer.status === 429;
      if (!mayChange || elapsedMs() > untilMs) throw new Refused(advised(`${method} ${path} ${says}`, String(code)));
      await sleep(250);
    }
  };
}

/** Answers to a request whose first answer was lost. */
const doneBefore: ReadonlySet<string> = new Set(["product_exists", "drop_exists", "already_scheduled", "drop_over"]);

export type ShadowOptions = {
  buyers: number;
  dropId: string | undefined;
  /** Units are held for the shortest time, whatever the given drop says. */
  isShort: boolean;
};

/**
 * With the prices and limits of a real drop if it is given, and units of their own: too few for the buyers of the first
 * product. The units come last, so that they are never on sale outside the drop. `shadow` gets each product before it is
 * made, so that a rehearsal that fails here is put away too.
 */
export async function openShadow(
  staff: Staff,
  shadow: Shadow,
  { buyers, dropId, isShort }: ShadowOptions,
): Promise<void> {
  const { dropId: run, products } = shadow;
  const model = dropId === undefined ? undefined : ((await staff("GET", `/drops/${dropId}`)) as unknown as DropView);
  const terms = model
    ? await Promise.all(
        model.products.map(async ({ productId }) => (await staff("GET", `/products/${productId}`)) as unknown as Terms),
      )
    : [usual, usual];
  for (const [i, { price, currency, limitPerCustomer = null }] of terms.entries()) {
    const productId = `${run}-${i + 1}`;
    const units = Math.max(1, Math.round((buyers / terms.length) * (i === 0 ? 0.6 : 1.2)));
    products.push({ productId, units, limit: limitPerCustomer });
    const limits = limitPerCustomer === null ? {} : { limitPerCustomer };
    await staff("POST", "/products", { productId, name: `Rehearsal ${i + 1}`, price, currency, ...limits });
  }
  const opensAtMs = systemClock.nowMs();
  await staff("POST", "/drops", {
    dropId: run,
    name: "Rehearsal: nothing is sold here",
    zone: "Etc/UTC",
    opensAt: new Date(opensAtMs).toISOString(),
    closesAt: new Date(opensAtMs + lastsMs).toISOString(),
    holdSeconds: isShort ? shortHoldSeconds : (model?.holdSeconds ?? shortHoldSeconds),
    products: products.map(({ productId }) => ({ productId })),
  });
  await staff("POST", `/drops/${run}/schedule`, { force: true, reason: "rehearsal" });
  for (const { productId, units: quantity } of products) {
    await staff("POST", `/inventory/${productId}/restock`, { quantity, reason: "rehearsal" }, `${productId}-in`);
  }
  while ((await staff("GET", `/drops/${run}/live`)).phase !== "open") await sleep(50);
}

/** Open orders are cancelled, paid ones refunded with their units; both go on by themselves. */
export async function cancelShadow(staff: Staff, dropId: string): Promise<void> {
  await staff("POST", `/drops/${dropId}/cancel`, { reason: "the rehearsal is over" });
}

/** Takes out what is left, so that nothing can be sold even outside the drop. */
export async function emptyShadow(staff: Staff, { products }: Shadow): Promise<void> {
  for (const { productId } of products) {
    const { available } = await staff("GET", `/inventory/${productId}`);
    if (typeof available !== "number" || available <= 0) continue;
    await staff(
      "POST",
      `/inventory/${productId}/adjust`,
      { delta: -available, reason: "the rehearsal is over" },
      `${productId}-out`,
    );
  }
}
