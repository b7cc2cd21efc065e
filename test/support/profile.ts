/**
 * The engines of a test's system, and how to break them. Tests know only this face, so the same tests run on other
 * engines: a profile is another row here, chosen by DROPGATE_TEST_PROFILE.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Gate } from "#inventory";
import { armCrashPoint } from "#platform/crash-points";
import type { System } from "../../src/main.ts";
import { startServers } from "../servers/servers.ts";
import { until } from "./until.ts";
import { openWorldDatabase } from "./world-database.ts";

/** The engines of one world; no order, product or record is in them when it is opened. */
export type Stage = {
  database: { url: string };
  /** The settings of the engines. */
  environment: Readonly<Record<string, string>>;
  faults(system: () => System): Faults;
  close(): Promise<void>;
};

export type Faults = {
  /** The gate loses all its memory at once, as a server that lost its data. */
  loseGate(): Promise<void>;
  /** The gate counts so many units more than it should have. */
  skewGate(productId: string, units: number): Promise<void>;
  /** From now on the log accepts nothing. */
  loseLog(): Promise<void>;
  /** From now on the log stores records, and its acknowledgements are lost. */
  loseLogAnswers(): Promise<void>;
  restoreLog(): Promise<void>;
};

const profiles = { embedded: openEmbedded, real: openReal };

export const profileName = process.env.DROPGATE_TEST_PROFILE ?? "embedded";

export function openStage(): Promise<Stage> {
  if (!Object.hasOwn(profiles, profileName)) {
    throw new Error(`DROPGATE_TEST_PROFILE=${profileName} is none of ${Object.keys(profiles).join(", ")}`);
  }
  return profiles[profileName as keyof typeof profiles]();
}

async function openEmbedded(): Promise<Stage> {
  const database = await openWorldDatabase();
  return {
    database,
    environment: {},
    faults: (system) => ({
      ...commonFaults(system),
      async loseGate() {
        const { gate } = system().faces.inventory;
        if (!("lose" in gate && typeof gate.lose === "function")) throw new Error("this gate is not the one in memory");
        gate.lose();
      },
    }),
    close: database.close,
  };
}

/** Servers of the stage's own, because a used broker would still have topics and groups of the same names. */
async function openReal(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-real-"));
  const { env, redis, stopAll } = await startServers({ folder });
  return {
    database: { url: env.DATABASE_URL as string },
    environment: env,
    faults: (system) => ({
      ...commonFaults(system),
      async loseGate() {
        await redis.kill("SIGKILL");
        for (const data of ["appendonlydir", "dump.rdb"]) {
          rmSync(join(folder, "redis", data), { recursive: true, force: true });
        }
        await redis.start();
        // The system's own connection is back a moment later.
        await until(async () => (await system().faces.inventory.gate.snapshot()) !== undefined);
      },
    }),
    async close() {
      await stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The part that is the same on all engines, through their ports. */
function commonFaults(system: () => System): Omit<Faults, "loseGate"> {
  const armed: (() => void)[] = [];
  return {
    async skewGate(productId, units) {
      // The face shows only the part of the gate for orders; the port has the rest.
      const gate = system().faces.inventory.gate as Gate;
      const [product] = await gate.snapshot([productId]);
      if (!product) throw new Error(`the gate does not know ${productId}`);
      const { epoch, applied, sellable, pending } = product;
      const availableAfter = sellable + pending + units;
      const change = { productId, epoch, seq: applied + 1, kind: "change", availableAfter, added: units } as const;
      await gate.apply({ ...change, items: [] });
    },
    async loseLog() {
      armed.push(armCrashPoint("log.append", { kind: "error" }));
    },
    async loseLogAnswers() {
      armed.push(armCrashPoint("log.append.acknowledged", { kind: "error" }));
    },
    async restoreLog() {
      for (const disarm of armed.splice(0)) disarm();
    },
  };
}
