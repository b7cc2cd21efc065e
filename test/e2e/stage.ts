/** The whole system with its pages, one browser, and a context for each person: what every story of the shop needs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { createLog } from "#platform/log";
import { openSql } from "../../src/engines/sql/postgres.ts";
import { openSite } from "../../src/pages/site.ts";
import type { Client } from "../support/client.ts";
import { freePort } from "../support/command.ts";
import { openWorld, type World, type WorldOptions } from "../support/world.ts";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why these tests cannot run here; false if they can. On a build machine no test is skipped. */
export const skip =
  !existsSync(program) &&
  process.env.CI !== "true" &&
  `no Chromium at ${program}: node scripts/provision.ts chromium, or set CHROMIUM`;

export type Person = {
  userId: string;
  page: Page;
  /** Another tab of the same browser. */
  tab(): Promise<Page>;
  /** The same person over the API. */
  api: Client;
};

/** Of a browser that has never been here. */
export const nothingKept = { cookies: [], origins: [] };

export type Stage = {
  world: World;
  /** A new person in a browser of their own. The page says nothing that is not said on purpose: see `faultsOf`. */
  person(userId: string, options?: BrowserContextOptions): Promise<Person>;
  /** Of all pages so far: scripts that failed, and what the policy of the pages forbade. */
  faults: string[];
  close(): Promise<void>;
};

const dayMs = 86_400_000;

export async function openStage(options: WorldOptions = {}): Promise<Stage> {
  const site = openSite({ log: createLog({ level: "warn" }) });
  await site.settled;
  assert.deepEqual(site.state(), { is: "ready" });
  // A browser goes on speaking with the same address when the system starts anew.
  const settings = { PORT: String(await freePort()), ...options.settings };
  const world = await openWorld({ ...options, settings, site });
  const browser = await launch().catch(async (error) => {
    await world.close();
    throw error;
  });
  const faults: string[] = [];
  const sql = openSql({ url: world.databaseUrl, maxConnections: 1, applicationName: "stage" });

  async function person(userId: string, contextOptions: BrowserContextOptions = {}): Promise<Person> {
    const { identity, cookies } = world.system.faces;
    await sql.query(insertAccount, [userId]);
    const session = { id: `session-of-${userId}`, version: 1 };
    const token = identity.issueSession({ user: userId, roles: ["CUSTOMER"], ttlMs: dayMs, session });
    const { hostname: domain } = new URL(world.origin);
    const flags = { path: "/", expires: -1, httpOnly: true, secure: true, sameSite: "Lax" as const };
    const cookie = { name: cookies.session, value: token, domain, ...flags };
    const context = await browser.newContext({
      baseURL: world.origin,
      viewport: { width: 1280, height: 800 },
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      reducedMotion: "reduce",
      storageState: { cookies: [cookie], origins: [] },
      ...contextOptions,
    });
    context.setDefaultTimeout(20_000);
    context.on("weberror", (error) => faults.push(String(error.error())));
    context.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
    const tab = () => context.newPage();
    return { userId, page: await tab(), tab, api: world.as(userId) };
  }

  return {
    world,
    person,
    faults,
    async close() {
      await browser.close();
      await sql.close();
      await world.close();
    },
  };
}

/** Signed in from the start: how people sign in has stories of its own. */
const insertAccount = `
  insert into identity.account (account_id, email, name, roles, verified_at, changed_at)
  values ($1, $1 || '@shop.example', $1, '{CUSTOMER}', now(), now()) on conflict do nothing`;

function launch(): Promise<Browser> {
  // Chromium's own sandbox needs rights that a container's root has not; it reads our pages alone.
  return chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
}
