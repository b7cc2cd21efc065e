/** Learns from the log which passes have made their orders. An event that comes twice or late changes nothing. */
import { type Consumer, type EventLog, handleTogether, type StoredRecord } from "#engines/log";
import { isOneOf, orderEventTypes } from "#events/orders";

export type IntakeOptions = {
  log: EventLog;
  topic: string;
  group: string;
  spend(orders: readonly { orderId: string; quantity: number }[]): Promise<void>;
};

const recordsAtOnce = 500;
/** Until then a unit counts for its order and for its pass, so for a moment fewer people are called than could be. */
const gatherMs = 100;

export function startIntake({ log, topic, group, spend }: IntakeOptions): Promise<Consumer> {
  const handle = handleTogether<StoredRecord>(async (records) => {
    const orders = new Map<string, { orderId: string; quantity: number }>();
    for (const record of records) {
      const quantity = isOneOf(telling, record) ? quantityIn(record) : undefined;
      if (quantity !== undefined) orders.set(record.key, { orderId: record.key, quantity });
    }
    if (orders.size > 0) await spend([...orders.values()]);
  });
  return log.consume({ topic, group, maxRecords: recordsAtOnce, gatherMs, handle });
}

/** The first event of an order is one of these. */
const telling: ReadonlySet<string | undefined> = new Set([orderEventTypes.INVENTORY_RESERVED, orderEventTypes.FAILED]);

const mostUnits = 2_147_483_647;

/** Undefined for a record of another producer: its batch would be handed over for ever if it could not be stored. */
function quantityIn({ value }: StoredRecord): number | undefined {
  try {
    const { quantity } = JSON.parse(value.toString()) as { quantity?: unknown };
    const isCount = Number.isInteger(quantity) && Number(quantity) > 0 && Number(quantity) <= mostUnits;
    return isCount ? Number(quantity) : undefined;
  } catch {
    return undefined;
  }
}
