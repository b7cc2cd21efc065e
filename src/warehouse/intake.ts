/**
 * Reads from the log which orders were paid or ended, and brings their parcels in line with the orders' rows. An event
 * only says where to look, so one that comes twice or late changes nothing.
 */
import { type Consumer, type EventLog, handleTogether, type StoredRecord } from "#engines/log";
import { handedOverEventType, isOneOf, orderEventTypes } from "#events/orders";

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
    const orderIds = new Set(records.filter((record) => isOneOf(telling, record)).map(({ key }) => key));
    if (orderIds.size > 0) await note([...orderIds]);
  });
  return log.consume({ topic, group, maxRecords: recordsAtOnce, gatherMs, handle });
}
