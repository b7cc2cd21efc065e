import { createLog } from "#platform/log";
import { openTestDatabase } from "../../../../test/support/database.ts";
import { migrate } from "../../sql/migrate.ts";
import { eventLogContract } from "../contract/log.testing.ts";
import { createPostgresOperator } from "./operator.testing.ts";
import { eventLogSchema, openPostgresLog } from "./postgres.ts";

const log = createLog({ level: (process.env.TEST_LOG as "warn") ?? "silent" });

eventLogContract("PostgreSQL", async () => {
  const { url, sql, close } = await openTestDatabase();
  await migrate({ url, modules: [eventLogSchema] });
  return {
    open: () => openPostgresLog({ sql, url, log }),
    close,
    ...createPostgresOperator(sql),
  };
});
