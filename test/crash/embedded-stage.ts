/** Runs the embedded default as one real process in a data folder of its own, which can die and be started again. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Sql } from "#engines/sql";
import { createIdentity, type Role } from "#identity";
import { openSql } from "../../src/engines/sql/postgres.ts";
import type { GateReading } from "../laws/evidence.ts";
import { readLogTable } from "../laws/log-table.ts";
import { reportedGate } from "../laws/reported-gate.ts";
import { createClient, crowd, type Reconciliation, staff } from "../support/client.ts";
import { type Command, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { openGreedyBank } from "./bank.ts";
import { lineUnits } from "./line.ts";
import type { Shop } from "./trial.ts";

export const product = { productId: "scarce", limitPerCustomer: 2 };
export const inDrop = { productId: "in-drop", limitPerCustomer: 1 };
/** The sizes of the drop with a line. */
export const inLine = { first: "boots-42", second: "boots-43" };
const stocks = new Map([
  [product, 24],
  [inDrop, 12],
  [{ productId: inLine.first, limitPerCustomer: 1 }, lineUnits.first],
  [{ productId: inLine.second, limitPerCustomer: 1 }, lineUnits.second],
]);

const secret = "a secret for chaos that has more than 32 bytes";
const settings = {
  PORT: "0",
  JWT_SECRET: secret,
  LOG_LEVEL: "warn",
  PAYMENT_WINDOW_MS: "4000",
  PAYMENT_GRACE_MS: "0",
  RATE_LIMIT_PERSON: "0",
};

export type EmbeddedStage = Shop & {
  /** Starts the process; resolves before it serves. */
  launch(crashPoints?: string): void;
  untilUp(): Promise<void>;
  /** Resolves with the signal or exit code that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
  /** Kills the process and its PostgreSQL at the same moment. */
  killEverything(): Promise<void>;
  readonly output: string;
  close(): Promise<void>;
};

export type EmbeddedStages = { open(name: string): Promise<EmbeddedStage>; close(): Promise<void> };

/** A shop is made once, and each stage gets a copy of it, which saves initdb, migrations and the demo shop. */
export async function openEmbeddedStages(): Promise<EmbeddedStages> {
  const home = await mkdtemp(join(tmpdir(), "dropgate-chaos-"));
  const template = createStage(join(home, "template"));
  await mkdir(join(home, "template"));
  template.launch();
  await template.untilUp();
  for (const [made, quantity] of stocks) {
    await template.admin.post("/products", { ...made, name: "Scarce", price: 1_999, currency: "EUR" });
    await template.admin.post(`/inventory/${made.productId}/restock`, { quantity, reason: "opening" });
    await eventually(async () => (await template.readGate([made.productId]))[0]?.sellable === quantity);
  }
  await template.useSql(openGreedyBank);
  await template.stop();
  const opened = new Set<EmbeddedStage>();

  return {
    async open(name) {
      const folder = join(home, name.replaceAll(/[^\w.@-]/g, "_"));
      // If this user is root, the cluster belongs to another user, and must stay so.
      await promisify(execFile)("cp", ["-a", join(home, "template"), folder]);
      const stage = createStage(folder);
      opened.add(stage);
      return stage;
    },
    async close() {
      await Promise.all([...opened].map((stage) => stage.close()));
      await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function createStage(folder: string): EmbeddedStage & { stop(): Promise<void> } {
  const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: false });
  let running: Command | undefined;
  let origin = "http://127.0.0.1:1";
  let before = "";
  let closed = false;

  const command = () => running ?? failed("nothing was started");
  function as(user: string, role: Role = "CUSTOMER") {
    const authorization = `Bearer ${identity.issue({ user, role, ttlMs: 3_600_000 })}`;
    return createClient(() => origin, { authorization }, role === "CUSTOMER" ? crowd : staff);
  }
  const admin = as("admin", "ADMIN");
  const postgres = join(folder, "data/postgres");

  async function stop(): Promise<void> {
    running?.kill("SIGTERM");
    await running?.ended;
  }

  async function useSql<T>(use: (sql: Sql) => Promise<T>): Promise<T> {
    const { url } = JSON.parse(await readFile(join(postgres, "owner.json"), "utf8")) as { url: string };
    const sql = openSql({ url, maxConnections: 2, applicationName: "chaos" });
    return use(sql).finally(() => sql.close());
  }

  return {
    as,
    admin,
    get origin() {
      return origin;
    },
    stop,
    get output() {
      return before + (running?.output ?? "");
    },
    launch(crashPoints = "") {
      // Ctrl-C closes a stage whose trial is about to start it again.
      if (closed) throw new Error(`${folder} is closed`);
      before += running?.output ?? "";
      // No request may reach another process that got the port of the dead one.
      origin = "http://127.0.0.1:1";
      const compiled = { NODE_COMPILE_CACHE: join(folder, "../compiled") };
      running = runCommand(folder, ["start"], { ...settings, ...compiled, ...(crashPoints && { FP: crashPoints }) });
    },
    async untilUp() {
      const address = await command().untilUp();
      origin = address;
    },
    ended: () => command().ended,
    async killEverything() {
      const postmaster = Number((await readFile(join(postgres, "data/postmaster.pid"), "utf8")).split("\n")[0]);
      process.kill(postmaster, "SIGKILL");
      command().kill("SIGKILL");
      await command().ended;
    },
    useSql,
    readLog: () => useSql(readLogTable),
    /** The gate is in the process's memory, so only the process can read it. */
    async readGate(productIds): Promise<GateReading[]> {
      const { body } = await admin.get<Reconciliation>("/admin/reconcile");
      return reportedGate(body, productIds);
    },
    async close() {
      closed = true;
      await stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

function failed(why: string): never {
  throw new Error(why);
}
