/**
 * A log that may be shared: every record appended says whose it is, and what is another shop's is told apart when it is
 * handed over. Records of versions that said nothing count as ours.
 */
import { type Shop, shopHeader } from "#engines/shop";
import type { EventLog, StoredRecord } from "./log.ts";

/** `confirm` looks again whether the topic is ours. @throws where it is not, and the batch stays where it is. */
export function createOwnedLog(log: EventLog, shop: Shop, confirm: (topic: string) => Promise<void>): EventLog {
  return {
    ...log,
    append: (topic, records) =>
      log.append(
        topic,
        records.map((record) => ({ ...record, headers: { [shopHeader]: shop.id, ...record.headers } })),
      ),
    consume: ({ handle, ...options }) =>
      log.consume({
        ...options,
        async handle(batch) {
          const isForeign = ({ headers }: StoredRecord) => (headers[shopHeader] ?? shop.id) !== shop.id;
          if (!batch.records.some(isForeign)) return handle(batch);
          // To pass them over commits them. Only in a topic of our own is no other shop's settlement affected.
          await confirm(batch.topic);
          const records = batch.records.map((record) =>
            isForeign(record) ? { ...record, foreign: record.headers[shopHeader] as string } : record,
          );
          return handle({ ...batch, records });
        },
      }),
  };
}
