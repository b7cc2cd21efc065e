/**
 * Appends to `orders` in a process of its own, one record after another, and prints each number once it is
 * acknowledged. It ends when an append certainly was not stored, and prints why.
 */
import { createLog } from "#platform/log";
import { openSql } from "../../sql/postgres.ts";
import { AppendFailed } from "../log.ts";
import { openPostgresLog } from "./postgres.ts";

const url = process.argv[2] as string;
const sql = openSql({ url, maxConnections: 2, applicationName: "child" });
const log = await openPostgresLog({ sql, url, log: createLog({ level: "silent" }) });
for (let number = 0; ; number += 1) {
  try {
    await log.append("orders", [{ key: "child", value: Buffer.from(String(number)) }]);
    console.log(number);
  } catch (error) {
    if (!(error instanceof AppendFailed)) throw error;
    if (error.handedOver) continue;
    console.log((error.cause as Error).message);
    break;
  }
}
process.exit();
