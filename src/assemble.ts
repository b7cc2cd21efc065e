/**
 * Creates the face of every module by hand, from top to bottom. Each line shows what a module is given; nothing else
 * reaches it.
 */
import { type Board, createBoard } from "#board";
import { type Catalog, createCatalog } from "#catalog";
import { type BlackBox, createBlackBox, createDesk, type Desk } from "#desk";
import type { Drops } from "#drops";
import type { Engines } from "#engines/open";
import { createByHand, tellFailedAttempt } from "#fulfilment";
import {
  type Accounts,
  type Cookies,
  createAccounts,
  createCookies,
  createIdentity,
  createStanding,
  type Identity,
  type Standing,
  secretOf,
} from "#identity";
import { createInventory, type Gate, type Inventory } from "#inventory";
import { createNotifications, type Notifications } from "#notifications";
import { createOrders, createStreams, type Orders, type Streams } from "#orders";
import {
  type Announcement,
  createPayment,
  createSimulator,
  declarePaymentCounts,
  openStripe,
  type Payment,
  type Simulator,
} from "#payment";
import { createHealth, type Health } from "#platform/health";
import type { Log } from "#platform/log";
import { createMetrics, type Metrics } from "#platform/metrics";
import type { Room } from "#room";
import { createWarehouse, type Warehouse } from "#warehouse";
import { assembleDrops } from "./assemble-drops.ts";
import { type Config, isSecure } from "./config/config.ts";
import { deadLettersGroup, topicsOf } from "./config/consumers.ts";
import { outsideIssuer, stripeSettings } from "./config/engines.ts";
import { createRepairTeller } from "./observe/repairs.ts";

export type Faces = {
  config: Config;
  engines: Engines;
  log: Log;
  now(): number;
  /** Called with a failure that will be tried again. */
  onFault(what: string, error: unknown): void;
  identity: Identity;
  /** Which sessions may no longer act; each process follows it. */
  standing: Standing;
  cookies: Cookies;
  accounts: Accounts;
  catalog: Catalog;
  inventory: Inventory;
  drops: Drops;
  room: Room;
  orders: Orders;
  streams: Streams;
  payment: Payment;
  simulator: Simulator;
  notifications: Notifications;
  desk: Desk;
  blackBox: BlackBox;
  warehouse: Warehouse;
  board: Board;
  health: Health;
  metrics: Metrics;
  /** Set by the service that runs the sagas: news of a payment wake its order's saga if this process runs it. */
  onPaid: { nudge(orderId: string): void };
};

export type AssembleOptions = { config: Config; engines: Engines; gate: Gate; log: Log; now(): number };

/** Passwords that wait for their hash: about four seconds of one core. */
const mostWaiting = 200;

/** Accepted orders that are settled in one transaction at most: it holds a product's row for a tenth of a second. */
const settledAtOnce = 1_000;

export async function assemble({ config, engines, gate, log, now }: AssembleOptions): Promise<Faces> {
  const onFault = (what: string, error: unknown) => log.warn(`${what} failed, to be repeated`, {}, error);
  const health = createHealth();
  const metrics = createMetrics(log);
  const secret = await secretOf(config);
  const identitySql = engines.sql("identity", 4);
  const standing = createStanding({ sql: identitySql, onFault: (error) => onFault("reading ended sessions", error) });
  const publicUrl = config.PUBLIC_URL;
  const cookies = createCookies({ secure: publicUrl === undefined || isSecure(publicUrl) });
  const identity = createIdentity({
    secret,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    leewayMs: config.JWT_LEEWAY_MS,
    trustUserHeader: config.TRUST_USER_HEADER,
    sessions: { cookies, standing, publicUrl },
    limits: {
      perPerson: config.RATE_LIMIT_PERSON,
      perAddress: config.RATE_LIMIT_ADDRESS,
      forgedTokens: config.RATE_LIMIT_FORGED_TOKENS,
    },
  });

  const accounts = createAccounts({
    sql: identitySql,
    mail: engines.mail,
    publicUrl,
    secret,
    issue: identity.issueSession,
    standing,
    now,
    onFault,
    outside: outsideIssuer(config),
    mostWaiting,
  });
  const inventory = createInventory({
    sql: engines.sql("inventory", 8),
    gate,
    log: engines.log,
    now,
    onFault,
    logger: log,
    onRepaired: createRepairTeller(log, metrics),
    productEventsTopic: config.TOPIC_PRODUCT_EVENTS,
    priceGroup: config.GROUP_PRODUCT_PRICES,
  });
  const catalog = createCatalog({
    sql: engines.sql("catalog", 4),
    log: engines.log,
    topic: config.TOPIC_PRODUCT_EVENTS,
    reader: { group: config.GROUP_PRODUCT_PRICES, termsOf: inventory.books.products.offersOf },
    logger: log,
    onFault: (error) => onFault("product events", error),
  });
  const orders = createOrders({
    sql: engines.sql("orders", 10),
    reports: engines.sql("reports", 2),
    log: engines.log,
    inventory,
    audit: accounts.audit,
    now,
    onFault,
    metrics,
    logger: log,
    topics: { reservations: config.TOPIC_ORDERS_RESERVATIONS, events: config.TOPIC_ORDERS_EVENTS },
    group: config.GROUP_ORDER_PROCESSOR,
    maxRecords: settledAtOnce,
    maxWaiting: config.MAX_WAITING_ORDERS,
    crowd: 1_000,
    gateIsRemote: config.profile.gate === "real",
    paymentWindowMs: config.PAYMENT_WINDOW_MS,
    moveAfterMs: config.ORDERS_MOVE_AFTER_DAYS * 24 * 60 * 60_000,
  });
  const streams = createStreams(orders, onFault);

  const onPaid: Faces["onPaid"] = { nudge() {} };
  const paymentSql = engines.sql("payment", 6);
  const { PAYMENT_WEBHOOK_SECRET = secret, PAYMENT_SIMULATOR_DECIDES_MS: decidesAfterMs } = config;
  const simulator = createSimulator({ sql: paymentSql, secret: PAYMENT_WEBHOOK_SECRET, log, now, decidesAfterMs });
  const countPayment = declarePaymentCounts(metrics);
  const stripe = stripeSettings(config);
  const payment = createPayment({
    sql: paymentSql,
    provider: stripe ? await openStripe({ ...stripe, now }) : simulator.provider,
    log,
    now,
    tracesOf: orders.tracesOf,
    async onAnnouncement(orderId: string, announcement: Announcement, detail) {
      countPayment(announcement);
      if (announcement === "authorized") onPaid.nudge(orderId);
      else await tellFailedAttempt(orders, orderId, announcement, detail);
    },
  });
  const { drops, room } = assembleDrops({
    config,
    engines,
    inventory,
    orders,
    payment,
    accounts,
    signing: identity.signing,
    now,
    onFault,
  });
  const notifications = createNotifications({
    sql: engines.sql("notifications", 4),
    log: engines.log,
    topics: [config.TOPIC_ORDERS_EVENTS, config.TOPIC_PRODUCT_EVENTS, config.TOPIC_DROP_EVENTS],
    ordersTopic: config.TOPIC_ORDERS_EVENTS,
    mail: engines.mail,
    addressees: accounts.addressees,
    zonesOf: drops.zonesOf,
    productsOf: catalog.all,
    publicUrl,
    group: config.GROUP_WEBHOOKS,
    addresses: { allowPrivate: config.WEBHOOKS_ALLOW_PRIVATE },
    now,
    metrics,
    logger: log,
    onFault,
  });
  const warehouse = createWarehouse({
    sql: engines.sql("warehouse", 4),
    log: engines.log,
    topic: config.TOPIC_ORDERS_EVENTS,
    group: config.GROUP_PARCELS,
    orders,
    inventory,
    catalog,
    now,
    onFault,
  });
  const desk = createDesk({
    sql: engines.sql("desk", 3),
    log: engines.log,
    topics: topicsOf(config),
    group: deadLettersGroup(config),
    orders,
    payment,
    byHand: createByHand({ orders, payment, paymentGraceMs: config.PAYMENT_GRACE_MS, now, onFault }),
    nudge: (orderId) => onPaid.nudge(orderId),
    now,
  });
  const parts = { orders, inventory, payment, notifications, warehouse, audit: accounts.audit, mail: engines.mail };
  const blackBox = createBlackBox({ ...parts, letters: desk.letters, now });
  const base = { config, engines, log, now, onFault, health, metrics };
  const faces = {
    identity,
    standing,
    cookies,
    accounts,
    catalog,
    inventory,
    drops,
    room,
    orders,
    streams,
    payment,
    simulator,
    notifications,
    desk,
    blackBox,
    warehouse,
    board: createBoard({ orders, drops, inventory, now, onFault }),
  };
  return { ...base, ...faces, onPaid };
}
