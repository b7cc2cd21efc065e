/** The whole system with its pages, one browser, and a context for each person: what every story of the shop needs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Role } from "#identity";
import { createLog } from "#platform/log";
import { openSql } from "../../src/engines/sql/postgres.ts";
import { demoPeople } from "../../src/identity/sign-in/demo.ts";
import { openSite } from "../../src/pages/site.ts";
import type { Client } from "../support/client.ts";
import { freePort } from "../support/free-port.ts";
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
  /** The person in a browser of their own, signed in. Ada, Grace and Linus have their roles of the demo shop. */
  person(userId: string, options?: BrowserContextOptions): Promise<Person>;
  /** @throws if a script of any page failed, or the policy of the pages forbade something. */
  close(): Promise<void>;
};

const dayMs = 86_400_000;

export async function openStage(options: WorldOptions = {}): Promise<Stage> {
  const site = openSite({ log: createLog({ level: "warn" }) });
  await site.settled;
  assert.deepEqual(site.state(), { is: "ready" });
  // A browser goes on speaking with the same address when the system starts anew, and keeps cookies at loopback.
  const settings = { HOST: "127.0.0.1", PORT: String(await freePort()), ...options.settings };
  const world = await openWorld({ ...options, settings, site });
  const browser = await launch().catch(async (error) => {
    await world.close();
    throw error;
  });
  const faults: string[] = [];
  const sql = openSql({ url: world.databaseUrl, maxConnections: 1, applicationName: "stage" });

  async function person(userId: string, contextOptions: BrowserContextOptions = {}): Promise<Person> {
    const { identity, cookies } = world.system.faces;
    const { email, name, role } = whoIs(userId);
    await sql.query(insertAccount, [userId, email, name, [role]]);
    const session = { id: `session-of-${userId}`, version: 1 };
    const token = identity.issueSession({ user: userId, roles: [role], ttlMs: dayMs, session });
    const { hostname: domain } = new URL(world.origin);
    const flags = { path: "/", expires: -1, httpOnly: true, secure: true, sameSite: "Lax" as const };
    const cookie = { name: cookies.session, value: token, domain, ...flags };
    // A browser in which a person has signed in keeps that: the header offers no log-in.
    const signedIn = { name: "dropgate:signed-in", value: JSON.stringify(userId) };
    const context = await browser.newContext({
      baseURL: world.origin,
      viewport: { width: 1280, height: 800 },
      locale: "en-GB",
      timezoneId: "Europe/Berlin",
      reducedMotion: "reduce",
      storageState: { cookies: [cookie], origins: [{ origin: world.origin, localStorage: [signedIn] }] },
      ...contextOptions,
    });
    // Ends only a story that hangs, as the limit of `eventually` does.
    context.setDefaultTimeout(60_000);
    context.on("weberror", (error) => faults.push(String(error.error())));
    context.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
    const tab = () => context.newPage();
    return { userId, page: await tab(), tab, api: world.as(userId, role) };
  }

  return {
    world,
    person,
    async close() {
      // A handler that still answers a request of a page would fail by the end of its browser, and the test file with it.
      for (const context of browser.contexts()) {
        for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
      }
      await browser.close();
      await sql.close();
      await world.close();
      assert.deepEqual(faults, [], "a page failed, or did what its policy forbids");
    },
  };
}

/**
 * From here on the shop answers this page again. Handlers under way end first: Playwright gives up their requests as
 * soon as no handler is left, and a handler that then answers fails, and the test file with it.
 */
export function endRoutes(page: Page): Promise<void> {
  return page.unrouteAll({ behavior: "wait" });
}

/** For the stories of the console: a browser that has never been here. At `at` it comes in as the demo operator. */
export async function openConsole({ at, ...options }: WorldOptions & { at?: string } = {}) {
  const stage = await openStage(options);
  const { page } = await stage.person("stranger", { storageState: nothingKept });
  if (at !== undefined) {
    await page.goto(at);
    await page.getByRole("button", { name: /Sign in as Grace/ }).click();
  }
  return { stage, page };
}

/** A person of the demo shop is the same one as after a click on their name. */
function whoIs(userId: string): { email: string; name: string; role: Role } {
  const known = Object.entries(demoPeople).find(([person]) => person === userId)?.[1];
  if (known) return { ...known, email: `${userId}@demo.invalid` };
  return { email: `${userId}@shop.example`, name: userId, role: "CUSTOMER" };
}

/** Signed in from the start: how people sign in has stories of its own. */
const insertAccount = `
  insert into identity.account (account_id, email, name, roles, verified_at, changed_at)
  values ($1, $2, $3, $4, now(), now()) on conflict do nothing`;

export function launch(...args: string[]): Promise<Browser> {
  // Chromium's own sandbox needs rights that a container's root has not; it reads our pages alone.
  return chromium.launch({ executablePath: program, args: ["--no-sandbox", ...args] });
}
