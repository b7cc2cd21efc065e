/**
 * Makes a log that shops may share: every appended record names its shop, and another shop's records are marked when
 * they are handed over. Records of older versions without a name count as ours.
 */
import { type Shop, shopHeader } from "#engines/shop";
import type { EventLog, StoredRecord } from "./log.ts";

/** `confirm` checks again whether the topic is ours. @throws if it is not; the batch then stays uncommitted. */
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
          // To skip the records would commit them. Only in a topic of our own does that not affect another shop's
          // settlement.
          await confirm(batch.topic);
          const records = batch.records.map((record) =>
            isForeign(record) ? { ...record, foreign: record.headers[shopHeader] as string } : record,
          );
          return handle({ ...batch, records });
        },
      }),
  };
}
