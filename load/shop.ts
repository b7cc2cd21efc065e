/** Finds or starts the shop under load, and puts a product on sale in it for the run. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createIdentity, type Role, secretOf } from "#identity";
import { type Engines, openSystem, tokenOf } from "../bench/stage.ts";
import { readConfig } from "../src/config/config.ts";

export type Shop = {
  base: string;
  tokenOf(user: string, role: Role): string;
  /** As an admin. @throws for any refusal. */
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
};

/** Ends with the stack. */
export async function startShop(stack: AsyncDisposableStack, on: Engines): Promise<Shop> {
  const { port } = await openSystem(stack, { on });
  return shopAt(`http://127.0.0.1:${port}`, tokenOf);
}

/** Its tokens are signed with the secret of this configuration, as those of `npm run token` are. */
export async function findShop(url: string): Promise<Shop> {
  const config = readConfig();
  const identity = createIdentity({
    secret: await secretOf(config),
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    trustUserHeader: false,
  });
  return shopAt(url.replace(/\/$/, ""), (user, role) => identity.issue({ user, role, ttlMs: tokensLastMs }));
}

const tokensLastMs = 6 * 3_600_000;

function shopAt(base: string, tokenFor: Shop["tokenOf"]): Shop {
  return {
    base,
    tokenOf: tokenFor,
    async call(method, path, body) {
      const headers: Record<string, string> = { authorization: `Bearer ${tokenFor("load", "ADMIN")}` };
      if (body !== undefined) headers["content-type"] = "application/json";
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${base}${path}`, { method, headers, ...json });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${base}${path} was answered ${answer.status} ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    },
  };
}

/** A product of its own, so that its books are those of the run; resolves once it is on sale. */
export async function putOnSale(shop: Shop, stock: number): Promise<string> {
  const productId = `load-${randomBytes(4).toString("hex")}`;
  await shop.call("POST", "/products", { productId, name: "Load", price: 4900, currency: "EUR" });
  await shop.call("POST", `/inventory/${productId}/restock`, { quantity: stock, reason: "load" });
  while ((await shop.call("GET", `/inventory/${productId}`)).gate !== stock) await sleep(50);
  return productId;
}

/** Sells the product from then on only. */
export async function openAt(shop: Shop, productId: string, opensAtMs: number): Promise<void> {
  const dropId = `drop-${productId}`;
  const opensAt = new Date(opensAtMs).toISOString();
  const closesAt = new Date(opensAtMs + 24 * 3_600_000).toISOString();
  const products = [{ productId }];
  await shop.call("POST", "/drops", { dropId, name: "Load", zone: "Etc/UTC", opensAt, closesAt, products });
  await shop.call("POST", `/drops/${dropId}/schedule`, { force: true, reason: "load" });
}

type Report = { productId: string; status: string; onHand: number; held: number; sold: number; inFlight: number };

/**
 * Resolves once every reservation is decided, with the units that were ordered.
 * @throws if gate and books disagree, or more was promised than there is.
 */
export async function readBooks(shop: Shop, productId: string): Promise<number> {
  for (;;) {
    const { products } = await shop.call("GET", "/admin/reconcile");
    const report = (products as Report[]).find((product) => product.productId === productId);
    if (!report) throw new Error(`reconcile does not know ${productId}`);
    if (report.inFlight > 0) {
      await sleep(250);
      continue;
    }
    if (report.status !== "OK") throw new Error(`reconcile says ${report.status}: ${JSON.stringify(report)}`);
    if (report.onHand < report.held)
      throw new Error(`${report.held} units are promised and ${report.onHand} are there`);
    return report.held + report.sold;
  }
}
