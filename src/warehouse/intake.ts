/**
 * Reads from the log which orders were paid or ended, and brings their parcels in line with the orders' rows. An event
 * only says where to look, so one that comes twice or late changes nothing.
 */
import { type Consumer, type EventLog, handleTogether, type StoredRecord } from "#engines/log";
import { handedOverEventType, orderEventTypes } from "#events/orders";
import { isUuid } from "#platform/ids";

export type IntakeOptions = {
  log: EventLog;
  topic: string;
  group: string;
  note(orderIds: readonly string[]): Promise<void>;
};

const recordsAtOnce = 500;
/** A parcel may wait a moment: most events of a busy shop are of orders that are not paid. */
const gatherMs = 100;
const telling: ReadonlySet<string | undefined> = new Set([
  orderEventTypes.CONFIRMED,
  orderEventTypes.REFUNDED,
  handedOverEventType,
]);

export function startIntake({ log, topic, group, note }: IntakeOptions): Promise<Consumer> {
  const handle = handleTogether<StoredRecord>(async (records) => {
    const orderIds = new Set(records.filter(isOurs).map(({ key }) => key));
    if (orderIds.size > 0) await note([...orderIds]);
  });
  return log.consume({ topic, group, maxRecords: recordsAtOnce, gatherMs, handle });
}

/** The record's key is the order's id. One that is not such a record says nothing about an order of this shop. */
function isOurs({ key, headers, foreign }: StoredRecord): boolean {
  return foreign === undefined && telling.has(headers.ce_type) && isUuid(key);
}
