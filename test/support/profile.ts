/**
 * What the system of a test runs on, and how that is broken. Tests know only this face, so the same ones
 * run on other engines: a profile is another row here, chosen by DROPGATE_TEST_PROFILE.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Gate } from "#inventory";
import { armCrashPoint } from "#platform/crash-points";
import type { System } from "../../src/main.ts";
import { startServers } from "../servers/servers.ts";
import { openTestDatabase } from "./database.ts";
import { until } from "./until.ts";

/** The engines of one world, empty when it is opened. */
export type Stage = {
  database: { url: string };
  /** What the settings say of the engines. */
  environment: Readonly<Record<string, string>>;
  faults(system: () => System): Faults;
  close(): Promise<void>;
};

export type Faults = {
  /** The gate forgets everything it knows, at once, as a server does that lost its data. */
  loseGate(): Promise<void>;
  /** The gate comes to believe that it has so many units more than it was told of. */
  skewGate(productId: string, units: number): Promise<void>;
  /** From now on the log takes nothing. */
  loseLog(): Promise<void>;
  /** From now on the log stores what it is given, and its acknowledgement is lost. */
  loseLogAnswers(): Promise<void>;
  restoreLog(): Promise<void>;
};

const profiles = { embedded: openEmbedded, real: openReal };

const profileName = process.env.DROPGATE_TEST_PROFILE ?? "embedded";

export function openStage(): Promise<Stage> {
  if (!Object.hasOwn(profiles, profileName)) {
    throw new Error(`DROPGATE_TEST_PROFILE=${profileName} is none of ${Object.keys(profiles).join(", ")}`);
  }
  return profiles[profileName as keyof typeof profiles]();
}

async function openEmbedded(): Promise<Stage> {
  const database = await openTestDatabase();
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

/** Servers of the stage's own: a broker that was used before would remember topics and groups of the same names. */
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

/** What is done alike on all engines, at their ports. */
function commonFaults(system: () => System): Omit<Faults, "loseGate"> {
  const armed: (() => void)[] = [];
  return {
    async skewGate(productId, units) {
      // The face shows what orders do at the gate; the rest of the port is there.
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
