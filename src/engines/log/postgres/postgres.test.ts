import { createLog } from "#platform/log";
import { openTestDatabase } from "../../../../test/support/database.ts";
import { migrate } from "../../sql/migrate.ts";
import { eventLogContract } from "../contract/log.testing.ts";
import { eventLogSchema, openPostgresLog } from "./postgres.ts";

const log = createLog({ level: (process.env.TEST_LOG as "warn") ?? "silent" });

eventLogContract("PostgreSQL", async () => {
  const { url, sql, close } = await openTestDatabase();
  await migrate({ url, modules: [eventLogSchema] });
  return {
    open: () => openPostgresLog({ sql, url, log }),
    close,
    async dropBefore(topic, offset) {
      await sql.query("delete from event_log.batch where topic = $1 and base_offset < $2", [topic, offset]);
    },
    /** Nothing here leaves one by itself: an operator removes the last row, and the owner counts on. */
    async leaveHole(topic) {
      const last = "(select max(base_offset) from event_log.batch where topic = $1)";
      await sql.query(`delete from event_log.batch where topic = $1 and base_offset = ${last}`, [topic]);
    },
    async deleteTopic(topic) {
      await sql.query("delete from event_log.batch where topic = $1", [topic]);
      await sql.query("delete from event_log.topic where topic = $1", [topic]);
    },
  };
});
