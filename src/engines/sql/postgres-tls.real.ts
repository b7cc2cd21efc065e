/** A PostgreSQL that accepts only TLS: the checks of the URL's sslmode, and the messages if a check fails. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { startServers } from "../../../test/servers/servers.ts";
import { eventLogSchema, openPostgresLog } from "../log/postgres/postgres.ts";
import { migrate } from "./migrate.ts";
import { openSql } from "./postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "dropgate-postgres-tls-"));
function startPostgres() {
  return startServers({ folder, which: ["postgres"], tls: true });
}

let servers: Awaited<ReturnType<typeof startPostgres>>;
before(async () => {
  servers = await startPostgres();
});
after(async () => {
  await servers?.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** The server's own URL with some parameters set, or left out if they are undefined. */
function urlWith(parameters: Record<string, string | undefined>, hostname = "localhost"): string {
  const url = new URL(servers.postgres.url);
  url.hostname = hostname;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}

async function isEncrypted(url: string): Promise<boolean> {
  const sql = openSql({ url, maxConnections: 1, applicationName: "tls test" });
  try {
    const [row] = await sql.query<{ ssl: boolean }>("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    return row?.ssl ?? false;
  } finally {
    await sql.close();
  }
}

function otherCa() {
  return join(folder, "tls", "other-ca.crt");
}

describe("PostgreSQL over TLS", () => {
  test("statements are encrypted if the CA has signed the server's certificate", async () => {
    assert.equal(await isEncrypted(urlWith({})), true);
    assert.equal(await isEncrypted(urlWith({ sslmode: undefined })), true, "sslrootcert alone is enough");
  });

  test("migrations and the event log's own session obey the URL", async () => {
    const url = urlWith({});
    await migrate({ url, modules: [eventLogSchema] });
    const sql = openSql({ url, maxConnections: 2, applicationName: "tls test" });
    const log = await openPostgresLog({ sql, url, log: createLog({ level: "silent" }) });
    await log.ensureTopics([{ name: "over-tls", partitions: 1 }]);
    await log.append("over-tls", [{ key: "1", value: Buffer.from("one") }]);
    assert.deepEqual(await log.endOffsets("over-tls"), new Map([[0, 1n]]));
    await log.close();
    await sql.close();
  });

  test("a certificate that no trusted CA has signed is refused, and the error names sslrootcert", async () => {
    const refusal = /PostgreSQL at localhost:\d+, encrypted.*no CA that is trusted.*sslrootcert.*DATABASE_URL/;
    await assert.rejects(isEncrypted(urlWith({ sslrootcert: undefined })), refusal);
    await assert.rejects(isEncrypted(urlWith({ sslrootcert: otherCa() })), refusal);
    await assert.rejects(migrate({ url: urlWith({ sslrootcert: otherCa() }), modules: [] }), refusal);
  });

  test("a certificate for another host is refused, and the error names its hosts", async () => {
    const refusal = /PostgreSQL at 127\.0\.0\.1:\d+.*another host \(DNS:localhost\).*the host in the URL.*DATABASE_URL/;
    await assert.rejects(isEncrypted(urlWith({}, "127.0.0.1")), refusal);
  });

  test("a connection in plain text is refused, and the error names sslmode", async () => {
    const refusal = /PostgreSQL at localhost:\d+ .*no encryption.*sslmode=verify-full.*DATABASE_URL/;
    await assert.rejects(isEncrypted(urlWith({ sslmode: undefined, sslrootcert: undefined })), refusal);
  });

  test("no-verify encrypts, and accepts any certificate", async () => {
    const url = urlWith({ sslmode: "no-verify", sslrootcert: undefined }, "127.0.0.1");
    assert.equal(await isEncrypted(url), true);
  });
});

test("no connection to a server without TLS falls back to plain text", async () => {
  const own = mkdtempSync(join(tmpdir(), "dropgate-postgres-plain-"));
  const plain = await startServers({ folder: own, which: ["postgres"] });
  try {
    const refusal = /does not support SSL connections.*leave sslmode out/;
    await assert.rejects(isEncrypted(`${plain.postgres.url}?sslmode=verify-full`), refusal);
  } finally {
    await plain.stopAll();
    rmSync(own, { recursive: true, force: true });
  }
});
