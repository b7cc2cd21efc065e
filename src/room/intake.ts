/** Learns from the log which passes have made their orders. An event that comes twice or late changes nothing. */
import type { Batch, Consumer, EventLog, StoredRecord } from "#engines/log";
import { orderEventTypes } from "#events/orders";
import { isUuid } from "#platform/ids";

export type IntakeOptions = {
  log: EventLog;
  topic: string;
  group: string;
  spend(orders: readonly { orderId: string; quantity: number }[]): Promise<void>;
};

const recordsAtOnce = 500;

export function startIntake({ log, topic, group, spend }: IntakeOptions): Promise<Consumer> {
  async function handle({ records }: Batch): Promise<void> {
    const orders = new Map<string, { orderId: string; quantity: number }>();
    for (const record of records) if (isOurs(record)) orders.set(record.key, orderOf(record));
    if (orders.size > 0) await spend([...orders.values()]);
  }
  return log.consume({ topic, group, maxRecords: recordsAtOnce, handle });
}

/** The first event of an order is one of these. */
const telling: ReadonlySet<string | undefined> = new Set([orderEventTypes.INVENTORY_RESERVED, orderEventTypes.FAILED]);

function isOurs({ key, headers, foreign }: StoredRecord): boolean {
  return foreign === undefined && telling.has(headers.ce_type) && isUuid(key);
}

function orderOf({ key, value }: StoredRecord): { orderId: string; quantity: number } {
  const { quantity } = JSON.parse(value.toString()) as { quantity?: unknown };
  return { orderId: key, quantity: typeof quantity === "number" ? quantity : 1 };
}
