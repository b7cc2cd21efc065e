/** Which service serves and works on what: the system on one page. */
import { catalogRoutes } from "#catalog";
import { fulfilmentRoutes, startFulfilment } from "#fulfilment";
import { inventoryRoutes } from "#inventory";
import { orderRoutes } from "#orders";
import { paymentRoutes } from "#payment";
import type { Http } from "#platform/http";
import type { Faces } from "./assemble.ts";

export type Running = { stop(): Promise<void> };
export type Service = {
  name: "product" | "order" | "inventory" | "payment" | "fulfilment";
  routes(app: Http, faces: Faces): void;
  /** Begins to consume and to look after things; answers once it is ready to serve. */
  start(faces: Faces): Promise<Running>;
};

/** In the order of starting: the gate is rebuilt once the log is settled, so settlement runs before inventory. */
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
    name: "order",
    routes(app, faces) {
      orderRoutes(app, { ...faces, paymentsOf: (orderIds) => faces.payment.lastAttempts(orderIds) });
      fulfilmentRoutes(app, faces);
    },
    async start({ orders, streams }) {
      const running = await orders.start();
      return {
        async stop() {
          await streams.stop();
          await running.stop();
        },
      };
    },
  },
  {
    name: "inventory",
    routes: inventoryRoutes,
    start: ({ inventory, orders }) => inventory.start(orders.books),
  },
  {
    name: "payment",
    routes: (app, { payment }) => paymentRoutes(app, payment),
    async start({ payment, simulator }) {
      simulator.start(async (body, headers) => {
        const answer = await payment.receiveWebhook(simulator.provider.name, body, headers);
        if (answer !== "accepted") throw new Error(`the webhook was answered ${answer}`);
      });
      return simulator;
    },
  },
  {
    name: "fulfilment",
    routes() {},
    async start({ orders, payment, engines, now, log, onPaid }) {
      const onFault = (what: string, error: unknown) => log.warn(`${what} failed, to be repeated`, {}, error);
      const openWorkflows = engines.openWorkflows;
      const running = await startFulfilment({ orders, payment, openWorkflows, now, onFault });
      onPaid.nudge = running.nudge;
      return running;
    },
  },
];

/** Starts services in their order; stopping goes the other way round. */
export async function startServices(chosen: readonly Service[], faces: Faces): Promise<Running> {
  const running: Running[] = [];
  async function stop(): Promise<void> {
    for (const service of running.splice(0).reverse()) await service.stop();
  }
  try {
    for (const service of chosen) running.push(await service.start(faces));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
