/** Opens notifications on a real PostgreSQL and the log in it, with receivers on loopback and a clock that tests move. */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { EventLog } from "#engines/log";
import type { Mail } from "#engines/mail";
import { productRecord } from "#events/catalog";
import type { Addressee } from "#identity";
import { createLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { openTestDatabase } from "../../test/support/database.ts";
import { eventLogSchema, openPostgresLog } from "../engines/log/postgres/postgres.ts";
import { migrate } from "../engines/sql/migrate.ts";
import type { GuardOptions } from "./guard.ts";
import { createNotifications, notificationsSchema } from "./notifications.ts";

export type Heard = { headers: IncomingHttpHeaders; body: Buffer };
export type Answering = (response: ServerResponse, heard: Heard) => void;

export const answers =
  (status: number, headers: Record<string, string> = {}): Answering =>
  (response) =>
    response.writeHead(status, headers).end();

export async function openStage() {
  const database = await openTestDatabase();
  const { sql, url } = database;
  await migrate({ url, modules: [eventLogSchema, notificationsSchema] });
  const silent = createLog({ level: "silent" });
  const log = await openPostgresLog({ sql, url, log: silent });
  const receivers: Server[] = [];
  const faults: unknown[] = [];
  const clock = { nowMs: Date.now() };
  const mails: Mail[] = [];

  return {
    sql,
    log,
    clock,
    faults,
    /** What buyers were told by mail. */
    mails,

    /** A process of the shop, on a topic and with a group of its own unless it is given those of another one. */
    async open({
      topic = `events.${randomUUID()}`,
      group = randomUUID(),
      through = log,
      addresses = { allowPrivate: true },
    }: {
      topic?: string;
      group?: string;
      through?: EventLog;
      addresses?: GuardOptions;
    } = {}) {
      await log.ensureTopics([{ name: topic, partitions: 2 }]);
      const notifications = createNotifications({
        sql,
        topics: [topic],
        ordersTopic: topic,
        mail: { send: async (mail) => void mails.push(mail) },
        zonesOf: async (ids) => new Map(ids.map((id) => [id, "Asia/Tokyo"])),
        productsOf: async () => products,
        publicUrl: "https://shop.example",
        addressees: async (ids) => addressees.filter(({ accountId }) => ids.includes(accountId)),
        group,
        log: through,
        addresses,
        now: () => clock.nowMs,
        metrics: createMetrics(),
        logger: silent,
        onFault: (_what, error) => void faults.push(error),
      });
      const publish = (...ids: string[]) =>
        log.append(
          topic,
          ids.map((id) => eventOf(id)),
        );
      return { notifications, topic, group, publish };
    },

    /** Answers 204 unless told otherwise; `answering` may be changed at any time. */
    async receiver(answering: Answering = answers(204)) {
      const heard: Heard[] = [];
      const receiver = { url: "", heard, answering };
      const server = createServer((request, response) => {
        const keep = (body: Buffer) => {
          const one = { headers: request.headers, body };
          heard.push(one);
          receiver.answering(response, one);
        };
        // A request that is cut off does not end the test file.
        buffer(request).then(keep, () => response.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      receivers.push(server);
      receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
      return receiver;
    },

    async close() {
      for (const server of receivers) {
        server.closeAllConnections();
        server.close();
      }
      await log.close();
      await database.close();
    },
  };
}

/** Buyers with an account. Another one has no verified address. */
const addressees: readonly Addressee[] = [
  { accountId: "ada", email: "ada@shop.example", locale: null, zone: null },
  { accountId: "jo", email: "jo@shop.example", locale: "de-AT", zone: "Europe/Vienna" },
  { accountId: "amal", email: "amal@shop.example", locale: "ar", zone: null },
  { accountId: "kim", email: "kim@shop.example", locale: null, zone: "Foo/Bar" },
  { accountId: "liv", email: "liv@shop.example", locale: "en-GB", zone: "Europe/London" },
  { accountId: "uma", email: "uma@shop.example", locale: "de-aaaaaaaa-ab", zone: null },
];

/** The products in the catalog. Another one has no name there. */
const products: ReadonlyMap<string, { name: string }> = new Map([
  ["night", { name: "Night <b>&amp;</b> \u{1f319} lamp" }],
  ["desert", { name: "\u0645\u0635\u0628\u0627\u062d" }],
]);

export type Stage = Awaited<ReturnType<typeof openStage>>;

export function eventOf(id: string, name = "Lamp") {
  const data = { productId: id, name, unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };
  return productRecord({ id: `${id}:1`, type: "dropgate.product.created", time: "2026-11-26T12:00:00.000Z", data });
}
