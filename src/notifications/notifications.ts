/**
 * Notifications tell other systems what happens in the shop: events from the log, sent as webhooks to the addresses that
 * an ADMIN has entered. They tell buyers by mail how their orders ended.
 */
import { randomUUID } from "node:crypto";
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import type { Metrics } from "#platform/metrics";
import { createEndpoints, type EndpointChange, type EndpointFields } from "./endpoints.ts";
import { testEventType } from "./events.ts";
import { createGuard, type GuardOptions } from "./guard.ts";
import { bodyOf, startIntake } from "./intake.ts";
import { declareNotificationMetrics } from "./metrics.ts";
import { createOrderMails, type OrderMailsOptions } from "./order-mails.ts";
import { createQueue, deliveriesOf } from "./queue.ts";
import { createSender } from "./sender.ts";
import { hurryAfterSetBack } from "./set-back.ts";

export type { Endpoint } from "./endpoints.ts";
export type { Delivery, OrdersDelivery } from "./queue.ts";

export const notificationsSchema = { schema: "notifications", folder: new URL("./migrations/", import.meta.url) };

export type NotificationsOptions = {
  sql: Sql;
  log: EventLog;
  topics: readonly string[];
  /** The one of these topics that has the events of orders. */
  ordersTopic: string;
  group: string;
  /** Which addresses webhooks may go to. */
  addresses: GuardOptions;
  mail: OrderMailsOptions["mail"];
  addressees: OrderMailsOptions["addressees"];
  zonesOf: OrderMailsOptions["zonesOf"];
  productsOf: OrderMailsOptions["productsOf"];
  publicUrl: OrderMailsOptions["publicUrl"];
  now(): number;
  metrics: Metrics;
  logger: Log;
  onFault(what: string, error: unknown): void;
};

export type Notifications = ReturnType<typeof createNotifications>;

const tidyEveryMs = 60_000;
/** A delivery that is later than this is overdue. */
const overdueMs = 60_000;

export function createNotifications(options: NotificationsOptions) {
  const { sql, log, topics, ordersTopic, group, addresses, now, metrics, logger, onFault } = options;
  const guard = createGuard(addresses);
  const endpoints = createEndpoints({ sql, now });
  const orderMails = createOrderMails(options);
  const queue = createQueue({ sql, now });
  let overdue = 0;
  const { count } = declareNotificationMetrics(metrics, () => overdue);
  const sender = createSender({ queue, endpoints, guard, now, count, onFault });

  /** Why nothing is sent to the address, in a sentence; undefined if it may be used. */
  async function whyNot(url: string): Promise<string | undefined> {
    const answer = URL.canParse(url) ? await guard.addressOf(new URL(url)) : undefined;
    if (!answer) return "it is not a URL";
    return answer.ok ? undefined : answer.why;
  }

  async function tidy(): Promise<boolean> {
    if (await hurryAfterSetBack(sql, now())) sender.nudge();
    overdue = await queue.overdue(overdueMs);
    return queue.removeOld();
  }

  return {
    list: endpoints.list,
    find: endpoints.find,
    remove: endpoints.remove,
    rotate: endpoints.rotate,

    async create(fields: EndpointFields) {
      const why = await whyNot(fields.url);
      if (why !== undefined) return { ok: false, reason: "address_refused", why } as const;
      const created = await endpoints.create(fields);
      return created ? ({ ok: true, ...created } as const) : ({ ok: false, reason: "too_many_webhooks" } as const);
    },

    async change(endpointId: string, change: EndpointChange) {
      const why = change.url === undefined ? undefined : await whyNot(change.url);
      if (why !== undefined) return { ok: false, reason: "address_refused", why } as const;
      const endpoint = await endpoints.change(endpointId, change);
      if (!endpoint) return { ok: false, reason: "webhook_not_found" } as const;
      sender.nudge();
      return { ok: true, endpoint } as const;
    },

    deliveries: queue.list,
    /** Of these events of orders, to all endpoints. */
    deliveriesOf: (eventIds: readonly string[]) => deliveriesOf(sql, eventIds),

    /** Queues an event that no order caused, to try the receiver; undefined if the endpoint is not enabled. */
    async test(endpointId: string): Promise<number | undefined> {
      const body = bodyOf(testEventType, new Date(now()).toISOString(), { endpointId });
      const deliveryId = await queue.addFor(endpointId, {
        messageId: `test:${randomUUID()}`,
        type: testEventType,
        body,
      });
      sender.nudge();
      return deliveryId;
    },

    async resend(deliveryId: number) {
      const answer = await queue.resend(deliveryId);
      sender.nudge();
      return answer;
    },

    /** Makes the attempts that are due by now and waits for them. */
    async deliverDue(): Promise<void> {
      while (await sender.turn()) await sender.idle();
    },

    async start(): Promise<{ stop(): Promise<void> }> {
      sender.start(sql.still?.mark);
      const tidying = startLoop({ everyMs: tidyEveryMs, work: tidy, onFault: (error) => onFault("webhooks", error) });
      const intake = await startIntake({
        log,
        queue,
        topics,
        ordersTopic,
        orderMails,
        group,
        logger,
        onQueued: sender.nudge,
      });
      return {
        async stop() {
          await intake.close();
          await tidying.stop();
          await sender.stop();
        },
      };
    },
  };
}
