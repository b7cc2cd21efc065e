/**
 * Reads the shop's events from the log into the queue of webhooks, and tells buyers by mail: each event once, however
 * often the log gives it.
 */
import { type Consumer, type EventLog, handleTogether, type StoredRecord } from "#engines/log";
import { productEventTypes } from "#events/catalog";
import { dropEventName, dropEventTypes } from "#events/drops";
import { handedOverEventType, orderEventTypes, partlyRefundedEventType, undecidedEventType } from "#events/orders";
import { roomEventName, roomEventTypes } from "#events/room";
import type { Log } from "#platform/log";
import { parseTraceparent } from "#platform/trace";
import type { OrderMails } from "./order-mails.ts";
import type { Message, Queue } from "./queue.ts";

export const eventTypes: readonly string[] = [
  ...productEventTypes,
  ...Object.values(orderEventTypes),
  undecidedEventType,
  handedOverEventType,
  partlyRefundedEventType,
  ...dropEventTypes.map(dropEventName),
  ...roomEventTypes.map(roomEventName),
];

export type IntakeOptions = {
  log: EventLog;
  queue: Pick<Queue, "add" | "isWanted">;
  topics: readonly string[];
  /** The one of these topics that has the events of orders. */
  ordersTopic: string;
  orderMails: OrderMails;
  group: string;
  logger: Log;
  /** Called when events were queued. */
  onQueued(): void;
};

const recordsAtOnce = 500;
/** A mail may wait a moment: a busy shop has two events an order. */
const gatherMs = 100;
/** Standard Webhooks 1.0: a receiver need not take more. */
const mostBytes = 20 * 1024;
/** PostgreSQL has no index entry of more than 2,704 bytes, and a receiver reads the id in a header. */
const mostIdBytes = 1_024;

export async function startIntake(options: IntakeOptions): Promise<Consumer> {
  const { log, queue, topics, ordersTopic, orderMails, group, logger, onQueued } = options;

  async function take(topic: string, records: readonly StoredRecord[]): Promise<void> {
    // Both are told once for each event, so a batch that failed at either may be handed over again.
    if (topic === ordersTopic) await orderMails.send(records);
    if (!(await queue.isWanted())) return;
    const messages = records.map((record) => readable(record, topic)).filter((message) => message !== undefined);
    if (messages.length === 0) return;
    await queue.add(messages);
    onQueued();
  }

  /** A record that is not an event of this shop is sent to no endpoint. The consumer of its content makes it a dead letter. */
  function readable(record: StoredRecord, topic: string): Message | undefined {
    try {
      return messageOf(record);
    } catch (error) {
      logger.warn("no webhook is sent of this record", { topic, key: record.key, offset: record.offset }, error);
      return undefined;
    }
  }

  const consumers = await Promise.all(
    topics.map((topic) => {
      const handle = handleTogether<StoredRecord>((records) => take(topic, records));
      return log.consume({ topic, group, maxRecords: recordsAtOnce, gatherMs, handle });
    }),
  );
  return {
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
    },
  };
}

/** @throws for a record that is no event of this shop, or is too large to be sent. */
function messageOf({ value, headers, appendedAtMs, foreign }: StoredRecord): Message {
  const { ce_id, ce_source, ce_type, ce_time } = headers;
  if (foreign) throw new Error(`the record is another shop's: ${foreign}`);
  if (!ce_id || !ce_source || !ce_type) throw new Error("ce_id, ce_source or ce_type is missing");
  // PostgreSQL stores no text with NUL, and the statement that stores many messages would fail for ever.
  if ([ce_id, ce_source, ce_type].some((header) => header.includes("\0"))) throw new Error("a header holds NUL");
  const timestamp = ce_time ?? new Date(appendedAtMs).toISOString();
  const body = bodyOf(ce_type, timestamp, JSON.parse(value.toString()));
  if (Buffer.byteLength(body) > mostBytes) throw new Error(`the event ${ce_id} has more than ${mostBytes} bytes`);
  // An id is unique for its source only: a product and a drop may have the same id and version.
  const messageId = `${ce_source.replace(/^\//, "")}/${ce_id}`;
  if (Buffer.byteLength(messageId) > mostIdBytes) throw new Error(`the id has more than ${mostIdBytes} bytes`);
  // The producer may have written anything into this header.
  const traceparent = parseTraceparent(headers.traceparent) && headers.traceparent;
  return { messageId, type: ce_type, body, traceparent };
}

export function bodyOf(type: string, timestamp: string, data: unknown): string {
  return JSON.stringify({ type, timestamp, data });
}
