/** Does to a topic of the embedded log what an operator does by hand. */
import type { Sql } from "#engines/sql";
import type { Destruction } from "../contract/stage.testing.ts";

export type PostgresOperator = Destruction & {
  /** Removes the records from the offset on, as in a server restored from an older copy. */
  dropFrom(topic: string, offset: bigint): Promise<void>;
  /** From here on the topic is another one, with the same records. */
  renew(topic: string): Promise<void>;
  /** Appends wait until the work is done. */
  holdAppends<T>(work: () => Promise<T>): Promise<T>;
};

export function createPostgresOperator(sql: Sql): PostgresOperator {
  const run = async (text: string, ...values: unknown[]) => void (await sql.query(text, values));
  return {
    dropBefore: (topic, offset) =>
      run("delete from event_log.batch where topic = $1 and base_offset < $2", topic, offset),
    dropFrom: (topic, offset) =>
      run("delete from event_log.batch where topic = $1 and base_offset >= $2", topic, offset),
    /** This log leaves no such offset by itself: the last row is removed, and the owner counts on. */
    leaveHole: (topic) =>
      run(
        `delete from event_log.batch where topic = $1
            and base_offset = (select max(base_offset) from event_log.batch where topic = $1)`,
        topic,
      ),
    async deleteTopic(topic) {
      await run("delete from event_log.batch where topic = $1", topic);
      await run("delete from event_log.topic where topic = $1", topic);
    },
    renew: (topic) => run("update event_log.topic set incarnation = gen_random_uuid() where topic = $1", topic),
    holdAppends: (work) =>
      sql.transaction(async (tx) => {
        await tx.query("select from event_log.owner for update");
        return work();
      }),
  };
}
