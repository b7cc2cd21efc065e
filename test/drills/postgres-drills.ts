/** PostgreSQL is restored to an earlier moment than the log, by its archive or as a replica that was promoted. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startReplica } from "../servers/postgres-replica.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import type { Drill, Scene } from "./drill.ts";

const runbook = "docs/guide/recovery.md#postgresql";
const afterThePoint = 15;
const losses = ["a restock of 5 units that was entered after the moment, to be entered again by hand"];

/** What drills share whose database is restored from its archive. */
const fromArchive: Pick<Drill, "runbook" | "booksGoBack" | "prepare"> = {
  runbook,
  booksGoBack: true,
  prepare: ({ stage }) => stage.archive.backUp(),
};

export const postgresRestored: Drill = {
  ...fromArchive,
  name: "postgres-restored",
  title: "the disk of PostgreSQL is lost, and its archive lacks the last orders",
  losses,
  async damage(scene) {
    const { stage, say, damaged } = scene;
    await stage.archive.switchFile();
    say("the archive has the log of PostgreSQL up to here");
    await goOnSelling(scene);
    await stage.archive.loseDisk();
    say("PostgreSQL is killed, and its data folder is deleted");
    damaged();
    await stage.stopProcesses();
    await stage.archive.restore();
    say("PostgreSQL is restored from its base backup and the whole archive");
    await recover(scene);
  },
};

export const postgresPointInTime: Drill = {
  ...fromArchive,
  name: "postgres-point-in-time",
  title: "a person destroys a table, and PostgreSQL is restored to the moment before",
  async damage(scene) {
    const { stage, say, damaged } = scene;
    const at = await stage.archive.now();
    await stage.archive.query("drop table orders.orders cascade");
    damaged();
    say(`the table orders.orders is dropped at ${at}`);
    await sleep(500);
    await stage.stopProcesses();
    await stage.archive.switchFile();
    await stage.archive.restore(at);
    say("PostgreSQL is restored to the moment before");
    await recover(scene);
  },
};

export const postgresReplicaPromoted: Drill = {
  name: "postgres-replica-promoted",
  title: "the PostgreSQL server is lost, and a replica that lacks its last commits is promoted",
  runbook,
  booksGoBack: true,
  losses,
  async damage(scene) {
    const { stage, say, damaged } = scene;
    const url = new URL(stage.fleet.servers.postgres.url);
    const wire = await openTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.host = `${wire.host}:${wire.port}`;
    const replica = await startReplica(url.href, join(stage.fleet.folder, "postgres-replica"));
    stage.closeLater(() => replica.stop());
    say("a replica follows the server");
    wire.cut();
    await goOnSelling(scene);
    await stage.fleet.servers.postgres.kill();
    await wire.close();
    say("the replica lost its connection, and the server is killed");
    damaged();
    await stage.stopProcesses();
    await replica.promote();
    const promoted = new URL(replica.url);
    stage.proxies.postgres.leadTo({ host: promoted.hostname, port: Number(promoted.port) });
    stage.moved({ postgresUrl: replica.url });
    say("the processes are stopped, the replica is promoted, and the address of PostgreSQL leads to it");
    await recover(scene);
  },
};

/** Orders are accepted, settled and paid that the restored database will not have, and staff changes stock. */
async function goOnSelling({ stage, productId, accepted, say }: Scene): Promise<void> {
  const restock = { quantity: 5, reason: "a box that came after the backup" };
  await stage.admin.post(`/inventory/${productId}/restock`, restock);
  const then = accepted();
  const [before] = await confirmedOf(stage, productId);
  await until(() => accepted() >= then + afterThePoint, { withinMs: 60_000 });
  const confirmed = await until(
    async () => {
      const [now] = await confirmedOf(stage, productId);
      return Number(now?.count) >= Number(before?.count) + 3 && Number(now?.count) - Number(before?.count);
    },
    { withinMs: 60_000 },
  );
  say(`${accepted() - then} more orders are accepted, and ${confirmed} confirmed with their money captured`);
}

function confirmedOf(stage: Scene["stage"], productId: string) {
  return stage.archive.query(
    `select count(*)::int as count from orders.orders where product_id = '${productId}' and status = 'CONFIRMED'`,
  );
}

/** The steps of the runbook from the moment when PostgreSQL takes writes again. */
async function recover({ stage, say }: Scene): Promise<void> {
  // A clock that is read before the loss may be ahead of it: the archive and the replica are behind the server.
  const at = await stage.useSql(async (sql) => {
    const [row] = await sql.query<{ at: Date }>("select pg_last_xact_replay_timestamp() as at");
    await sql.query(
      `update inventory.gate_mode set mode = 'closed', ready = true, version = version + 1, changed_by = 'restore'`,
    );
    if (!row?.at) throw new Error("the restored database does not tell its last commit");
    return row.at.toISOString();
  });
  say(`the last commit that the restored database has is from ${at}, and the shop is closed in it`);
  await stage.rewindConsumers();
  say("the consumers whose rows are in the database read their topics again from the beginning");
  await stage.startProcesses(["shop", "settlement", "payment", "gateway"]);
  say("all services but fulfilment run, so that no order ends before its payment is known");
  // Repeatable: a gateway that waits for a busy process may give up before its answer.
  const output = await until(
    async () => {
      const { code, output } = await stage.run("payments", "--since", at, "--yes");
      return code === 0 && output;
    },
    { withinMs: 120_000 },
  );
  say(`dropgate payments --since ${at} --yes: ${output.trim().split("\n").at(-1)}`);
  await stage.startProcesses(["fulfilment"]);
  say("fulfilment runs");
  const opened = await stage.admin.put("/admin/gatekeeper", { mode: "gatekeeper" });
  say(`the shop is opened, which rebuilds the gate: ${opened.status}`);
}
