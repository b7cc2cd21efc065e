/**
 * The whole system in this process, on engines of its own, behind a real address. There is one for each test file,
 * because a process can open DBOS once; its tests use products of their own.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Role } from "#identity";
import { disarmCrashPoints } from "#platform/crash-points";
import { randomHex } from "#platform/ids";
import { createLifecycle } from "#platform/lifecycle";
import { createLog, type LogLevel } from "#platform/log";
import { readConfig } from "../../src/config/config.ts";
import { type System, startSystem } from "../../src/main.ts";
import type { Site } from "../../src/pages/site.ts";
import {
  type Client,
  createClient,
  crowd,
  type Order,
  type PlacedOrder,
  type Reconciliation,
  type Stock,
  staff,
} from "./client.ts";
import { eventually } from "./eventually.ts";
import { type Faults, openStage } from "./profile.ts";
import { createShop } from "./shop.ts";

export type WorldOptions = {
  paymentWindowMs?: number;
  maxWaitingOrders?: number;
  /** Gets every line of the log, for tests about the log. */
  onLog?(line: string): void;
  /** Any other setting, by its name in the environment. */
  settings?: Readonly<Record<string, string>>;
  /** The shop's pages. */
  site?: Site;
};

export type NewProduct = {
  /** Generated if absent. */
  productId?: string;
  stock: number;
  price?: number;
  currency?: string;
  limitPerCustomer?: number;
};

export type World = {
  readonly system: System;
  readonly origin: string;
  databaseUrl: string;
  /** The settings of its engines; empty on the embedded ones. */
  environment: Readonly<Record<string, string>>;
  /** Signs the tokens. */
  secret: string;
  faults: Faults;
  /** Sends a token of that role. */
  as(user: string, role?: Role): Client;
  /** Sends no name and no token. */
  anonymous: Client;
  admin: Client;
  /** Puts a product on sale and returns its id. */
  newProduct(product: NewProduct): Promise<string>;
  /** Places an order that must be accepted. */
  place(buyer: Client, productId: string, quantity?: number): Promise<PlacedOrder>;
  untilStatus(buyer: Client, orderId: string, ...statuses: string[]): Promise<Order>;
  /** Waits until the product has nothing under way, neither at the gate nor in the books, and both agree. */
  untilAtRest(productId: string): Promise<Stock>;
  reportOf(productId: string): Promise<Reconciliation["products"][number]>;
  /** Stops in order and, after a pause, starts again on the same engines. */
  restart(options?: { pauseMs: number }): Promise<void>;
  close(): Promise<void>;
};

const secret = "a secret for tests that has more than 32 bytes";
const tokenTtlMs = 3_600_000;

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const stage = await openStage();
  const config = readConfig(environmentOf(options, stage.environment), "no .env in tests");
  const { onLog } = options;
  const log = onLog
    ? createLog({ level: "info", destination: { write: onLog } })
    : createLog({ level: (process.env.TEST_LOG_LEVEL ?? "silent") as LogLevel });
  let running = await start().catch(async (error) => {
    await stage.close();
    throw error;
  });

  async function start() {
    const lifecycle = createLifecycle({ log });
    try {
      return { lifecycle, system: await startSystem(config, stage.database, log, lifecycle, { site: options.site }) };
    } catch (error) {
      await lifecycle.stop();
      throw error;
    }
  }

  async function stop(): Promise<void> {
    assert.ok(await running.lifecycle.stop(), "the system did not stop in good order: see TEST_LOG_LEVEL=error");
  }

  const origin = () => `http://${running.system.host}:${running.system.port}`;
  const as = (user: string, role: Role = "CUSTOMER") => {
    const token = running.system.faces.identity.issue({ user, role, ttlMs: tokenTtlMs });
    return createClient(origin, { authorization: `Bearer ${token}` }, role === "CUSTOMER" ? crowd : staff);
  };
  const admin = as("admin", "ADMIN");

  const { reportOf, place, untilStatus } = createShop({ as, admin });

  return {
    get system() {
      return running.system;
    },
    get origin() {
      return origin();
    },
    databaseUrl: stage.database.url,
    environment: stage.environment,
    secret,
    faults: stage.faults(() => running.system),
    as,
    anonymous: createClient(origin, {}, staff),
    admin,
    reportOf,
    place,
    untilStatus,

    async newProduct({
      productId = `product-${randomHex(4)}`,
      stock,
      price = 1_999,
      currency = "EUR",
      limitPerCustomer,
    }) {
      const limit = limitPerCustomer === undefined ? {} : { limitPerCustomer };
      const made = await admin.post("/products", { productId, name: productId, price, currency, ...limit });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      // The events of a product take a moment to reach inventory; both of these wait for them.
      const stocked =
        stock > 0
          ? await admin.post(`/inventory/${productId}/restock`, { quantity: stock, reason: "test" })
          : await admin.get(`/inventory/${productId}`);
      assert.equal(stocked.status, 200, JSON.stringify(stocked.body));
      return productId;
    },

    async untilAtRest(productId) {
      return eventually(async () => {
        const report = await reportOf(productId);
        const { body: stock } = await admin.get<Stock>(`/inventory/${productId}`);
        assert.equal(report.status, "OK", report.explanation);
        return report.inFlight === 0 && stock.gate === stock.available && stock;
      });
    },

    async restart({ pauseMs } = { pauseMs: 0 }) {
      await stop();
      await sleep(pauseMs);
      running = await start();
    },
    async close() {
      disarmCrashPoints();
      await stop().finally(stage.close);
    },
  };
}

function environmentOf(
  { paymentWindowMs, maxWaitingOrders, settings }: WorldOptions,
  engines: Readonly<Record<string, string>>,
) {
  return {
    PORT: "0",
    JWT_SECRET: secret,
    ...(paymentWindowMs !== undefined && { PAYMENT_WINDOW_MS: String(paymentWindowMs) }),
    ...(maxWaitingOrders !== undefined && { MAX_WAITING_ORDERS: String(maxWaitingOrders) }),
    ...engines,
    ...settings,
  };
}
