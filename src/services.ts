/**
 * Lists the services: the routes and the work of each. One process runs all of them, or those in `--services=`. In both
 * cases they share the engines and never call each other.
 */
import { startFulfilment } from "#fulfilment";
import type { Reconciliation } from "#inventory";
import type { Http } from "#platform/http";
import type { Log } from "#platform/log";
import { boardRoutes } from "#routes/board";
import { catalogRoutes } from "#routes/catalog";
import { deskRoutes } from "#routes/desk";
import { dropRoutes } from "#routes/drops";
import { fulfilmentRoutes } from "#routes/fulfilment";
import { identityRoutes } from "#routes/identity";
import { inventoryRoutes } from "#routes/inventory";
import { notificationRoutes } from "#routes/notifications";
import { orderRoutes } from "#routes/orders";
import { paymentRoutes } from "#routes/payment";
import { roomRoutes } from "#routes/room";
import { warehouseRoutes } from "#routes/warehouse";
import type { Faces } from "./assemble.ts";
import { Refused } from "./cli/ask.ts";
import { type Config, offersDemoPeople } from "./config/config.ts";
import { serviceNames } from "./service-names.ts";

export type Running = { stop(): Promise<void> };
export type Service = {
  name: string;
  routes?(app: Http, faces: Faces): void;
  /** @throws if a server that it needs is not there: before any service starts, so that no consumer group is joined in vain. */
  requireServers?(faces: Faces): Promise<void>;
  /** Starts to consume and to run its loops; resolves once it is ready to serve. */
  start?(faces: Faces): Promise<Running>;
};

/**
 * In the order of starting: settlement runs before inventory, because a rebuild of the gate waits until the log is
 * settled.
 */
export const services: readonly Service[] = [
  {
    name: "product",
    routes: (app, { catalog, identity }) => catalogRoutes(app, { catalog, adminOnly: identity.guard("ADMIN") }),
    async start({ catalog }) {
      catalog.start();
      return catalog;
    },
  },
  {
    name: "settlement",
    async start({ orders }) {
      return together(await orders.start(), orders.past.start());
    },
  },
  {
    name: "inventory",
    routes: inventoryRoutes,
    async start({ config, inventory, orders, log }) {
      const running = await inventory.agreement.start(orders.settlement);
      const daily = inventory.agreement.reconciliation.every(config.RECONCILE_EVERY_MS, (report) =>
        tellReconciled(log, report),
      );
      return {
        async stop() {
          await daily.stop();
          await running.stop();
        },
      };
    },
  },
  {
    name: "drop",
    routes(app, faces) {
      dropRoutes(app, { ...faces, publicUrl: faces.config.PUBLIC_URL });
      roomRoutes(app, faces);
    },
    async start({ drops, room, inventory }) {
      // The sales mode says whether a change has to wait for the gate, and where free units are counted.
      const following = await inventory.agreement.follow();
      return together(following, drops.start(), await room.start());
    },
  },
  {
    name: "order",
    routes(app, faces) {
      const paymentsOf = (orderIds: readonly string[]) => faces.payment.lastAttempts(orderIds);
      orderRoutes(app, { ...faces, paymentsOf, ordersOfDrop: faces.drops.ordersOf });
      fulfilmentRoutes(app, faces);
      boardRoutes(app, faces);
      app.addHook("preClose", () => faces.streams.stop());
    },
    async start({ inventory, orders }) {
      const following = await inventory.agreement.follow();
      const acting = orders.bulk.start();
      const pulse = orders.pulse.start();
      return {
        async stop() {
          await pulse.stop();
          await acting.stop();
          await following.stop();
        },
      };
    },
  },
  {
    name: "warehouse",
    routes: warehouseRoutes,
    async start({ warehouse, inventory }) {
      // The sales mode says whether units that come in have to reach the gate.
      const following = await inventory.agreement.follow();
      const running = await warehouse.run();
      return {
        async stop() {
          await running.stop();
          await following.stop();
        },
      };
    },
  },
  {
    name: "payment",
    routes(app, { config, payment, identity }) {
      paymentRoutes(app, { payment, identity, publishableKey: config.STRIPE_PUBLISHABLE_KEY });
    },
    async start({ config, payment, simulator }) {
      if (config.PAYMENT_PROVIDER !== "simulator") return { async stop() {} };
      simulator.start(async (body, headers) => {
        const answer = await payment.receiveWebhook(simulator.provider.name, body, headers);
        if (answer !== "accepted") throw new Error(`the webhook was answered ${answer}`);
      });
      return simulator;
    },
  },
  {
    name: "notification",
    routes: notificationRoutes,
    start: ({ notifications }) => notifications.start(),
  },
  {
    name: "fulfilment",
    requireServers: ({ engines }) => engines.requireWorkflows(),
    async start({
      config,
      inventory,
      orders,
      payment,
      engines: { openWorkflows, mark, says },
      now,
      onFault,
      onPaid,
      health,
    }) {
      // A payment that comes late takes new units; the sales mode says from where.
      const following = await inventory.agreement.follow();
      const paymentGraceMs = config.PAYMENT_GRACE_MS;
      const running = await startFulfilment({
        orders,
        payment,
        inventory,
        paymentGraceMs,
        openWorkflows,
        mark,
        now,
        onFault,
      });
      onPaid.nudge = running.nudge;
      health.add({
        name: "workflows",
        healthOnly: true,
        async check() {
          await running.workflowsAnswer();
          return { engine: says.workflows };
        },
      });
      return {
        async stop() {
          await running.stop();
          await following.stop();
        },
      };
    },
  },
  {
    name: "desk",
    routes: deskRoutes,
    start: ({ desk }) => desk.start(),
  },
  {
    name: "identity",
    routes(app, { config, engines, ...faces }) {
      const offersDemo = offersDemoPeople(config);
      identityRoutes(app, { ...faces, mail: engines.mail, publicUrl: config.PUBLIC_URL, offersDemo });
    },
    start: async ({ accounts }) => accounts.start(),
  },
];

/** Stops in the reverse order. */
function together(...running: Running[]): Running {
  return {
    async stop() {
      for (const one of running.toReversed()) await one.stop();
    },
  };
}

/** Logs the findings of the daily reconciliation; the alert comes from the metric. */
function tellReconciled(log: Log, { status, products }: Reconciliation): void {
  for (const { productId, status, drift, explanation } of products) {
    if (status === "CRITICAL") log.error("gate and books disagree", { productId, drift, explanation });
    else if (status === "WARNING") log.warn("gate and books need a look", { productId, drift, explanation });
  }
  log.debug("reconciled", { status, products: products.length });
}

/** @throws for an unknown name, or if services in separate processes would each have engines of their own. */
export function chooseServices({ profile }: Config, names: readonly string[]): readonly Service[] | "gateway" {
  if (names.length === 1 && names[0] === "gateway") return "gateway";
  const unknown = names.filter((name) => !serviceNames.includes(name));
  if (unknown.length > 0) {
    throw new Refused(
      `--services: ${unknown.map((name) => name || "an empty name").join(", ")} is none of ${serviceNames.join(", ")}; gateway runs alone`,
    );
  }
  const chosen = services.filter((service) => names.includes(service.name));
  const apart = chosen.length < services.length;
  if (apart && (profile.sql === "embedded" || profile.gate === "embedded" || profile.log === "embedded")) {
    throw new Refused(
      "--services: services in separate processes need real engines: set DATABASE_URL, REDIS_HOST and KAFKA_BOOTSTRAP",
    );
  }
  return chosen;
}

/** Starts services in their order; stopping takes the reverse order. */
export async function startServices(chosen: readonly Service[], faces: Faces): Promise<Running> {
  const running: Running[] = [];
  async function stop(): Promise<void> {
    for (const service of running.splice(0).toReversed()) await service.stop();
  }
  for (const service of chosen) await service.requireServers?.(faces);
  try {
    for (const service of chosen) if (service.start) running.push(await service.start(faces));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
