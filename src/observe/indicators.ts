/**
 * Declares the health checks of the process. Readiness tries what the next order needs, in the way an order does. A
 * dependency whose absence only delays work shows in health and takes no process out of a load balancer.
 */
import { realpath, statfs } from "node:fs/promises";
import type { Faces } from "../assemble.ts";
import type { Backlog } from "./backlog.ts";

/** With less free space PostgreSQL may have no room for its next file. */
const leastFreeBytes = 64 * 1024 * 1024;

export function declareIndicators(faces: Faces, backlog: Backlog): void {
  const { health, engines, inventory, orders, payment, config } = faces;

  health.add({ name: "db", check: async () => void (await engines.dryWrite()) });
  health.add({ name: "stockGate", check: () => inventory.agreement.readiness.couldTake() });
  health.add({
    name: `log:${config.TOPIC_ORDERS_RESERVATIONS}`,
    service: "order",
    async check() {
      await engines.log.endOffsets(config.TOPIC_ORDERS_RESERVATIONS);
      const fault = orders.recentAppendFault();
      if (fault) throw fault;
      return undefined;
    },
  });
  health.add({
    name: `log:${config.TOPIC_PRODUCT_EVENTS}`,
    service: "product",
    check: async () => void (await engines.log.endOffsets(config.TOPIC_PRODUCT_EVENTS)),
  });

  health.add({ name: "locks", healthOnly: true, check: async () => void (await engines.refuseLocks()) });
  health.add({
    name: "consumers",
    healthOnly: true,
    async check() {
      const stuck = backlog.stuck();
      if (stuck.length > 0) throw new Error(stuck.join("; "));
      return undefined;
    },
  });
  health.add({
    name: "deadLetters",
    healthOnly: true,
    async check() {
      const waiting = [...backlog.deadLetters()].filter(([, count]) => count > 0);
      if (waiting.length > 0) throw new Error(waiting.map(([topic, count]) => `${count} in ${topic}.dlq`).join(", "));
      return undefined;
    },
  });
  health.add({
    name: "paymentFindings",
    service: "payment",
    healthOnly: true,
    // They need a person, and stop no order. So this is UP, and the alert comes from the metric.
    async check() {
      const open = await payment.findings.countOpen();
      return { open: [...open.values()].reduce((all, count) => all + count, 0) };
    },
  });
  if (config.PAYMENT_PROVIDER === "stripe") {
    const check = async () => void (await payment.providerAnswers());
    health.add({ name: "stripe", service: "payment", healthOnly: true, check });
  }
  if (config.REPORTS_DATABASE_URL !== undefined) {
    health.add({ name: "reports", healthOnly: true, check: async () => void (await engines.readReports()) });
  }
  if (config.profile.sql === "embedded") health.add({ name: "diskSpace", healthOnly: true, check: diskSpace });

  async function diskSpace() {
    const { bsize, bavail, blocks } = await statfs(await realpath(config.DATA_DIR).catch(() => "."));
    const free = bavail * bsize;
    // A file system in memory may have no size, and then counts no blocks.
    if (blocks > 0 && free < leastFreeBytes)
      throw new Error(`${free} bytes are free in ${config.DATA_DIR}, of ${leastFreeBytes} at least`);
    return { path: config.DATA_DIR, total: blocks * bsize, free, threshold: leastFreeBytes };
  }
}
