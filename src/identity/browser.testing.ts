/** Identity on a database of its own, behind its real routes, and a browser that keeps cookies. */
import type { InjectOptions } from "fastify";
import { systemClock } from "#platform/clock";
import { createHttp } from "#platform/http";
import { createLog } from "#platform/log";
import { openTestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { mailSchema } from "../engines/mail/message-rows.ts";
import { createOutboxMail } from "../engines/mail/outbox.ts";
import { migrate } from "../engines/sql/migrate.ts";
import {
  callerOf,
  createAccounts,
  createCookies,
  createIdentity,
  createStanding,
  identitySchema,
  type OidcSettings,
} from "./identity.ts";
import { identityRoutes } from "./routes.ts";

const secret = "a secret for tests that has more than 32 bytes";

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** So few that a test is quick. */
export const mostWaiting = 8;

export async function openShop({ publicUrl, outside }: { publicUrl?: string; outside?: OidcSettings } = {}) {
  const database = await openTestDatabase();
  await migrate({ url: database.url, modules: [identitySchema, mailSchema] });
  const { sql } = database;
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const onFault = (what: unknown, error?: unknown) => console.error(what, error);
  const cookies = createCookies({ secure: true });
  const mail = createOutboxMail({ sql });

  /** One process of the shop. Several share the database. */
  async function startProcess() {
    const standing = createStanding({ sql, onFault });
    const sessions = { cookies, standing, publicUrl };
    const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: true, sessions });
    const accounts = createAccounts({
      sql,
      mail,
      publicUrl,
      secret,
      issue: identity.issueSession,
      standing,
      now,
      onFault: outside ? () => {} : onFault,
      outside,
      mostWaiting,
    });
    const app = await createHttp({ log: createLog({ level: "silent" }), clock: systemClock, openApi });
    identityRoutes(app, { identity, accounts, cookies, publicUrl, offersDemo: true, mail });
    for (const [url, role] of [
      ["/buy", "CUSTOMER"],
      ["/prices", "ADMIN"],
    ] as const) {
      const onRequest = identity.limitedGuard(role);
      app.post(url, { onRequest }, async (request) => callerOf(request));
      app.get(url, { onRequest }, async (request) => callerOf(request));
    }
    const watching = await standing.start();
    const deleting = accounts.start();
    return {
      app,
      identity,
      accounts,
      async close() {
        await watching.stop();
        await deleting.stop();
        await app.close();
      },
    };
  }

  const [first, second] = [await startProcess(), await startProcess()];

  return {
    ...first,
    other: second,
    sql,
    cookies,
    wait(ms: number) {
      aheadMs += ms;
    },

    /** The code in the mail of this request, which is sent behind its answer. */
    async codeOf({ body: { codeId } }: Answer): Promise<string> {
      return until(async () => {
        const mails = await mail.list({ limit: 50 });
        return /code is (\d{6})/.exec(mails.find(({ key }) => key === `code:${codeId}`)?.text ?? "")?.[1];
      });
    },
    async mailsTo(to: string) {
      return (await mail.list({ limit: 50 })).filter((one) => one.to === to);
    },

    browser: (from?: string) => createBrowser(first.app, from),

    /** Signs up and verifies: a browser that is signed in. */
    async join(email: string, password = "correct horse battery") {
      const browser = createBrowser(first.app);
      const asked = await browser.post("/accounts", { email, password, name: "Someone" });
      await browser.post("/accounts/verify", { codeId: asked.body.codeId, code: await this.codeOf(asked) });
      return browser;
    },

    /** So many people whose addresses end with this one. */
    async addLike(address: string, count: number) {
      await sql.query(
        `insert into identity.account (account_id, email, name, roles, verified_at, changed_at)
         select '0' || i, i || $1, 'Someone', '{CUSTOMER}', now(), now() from generate_series(1, $2) i`,
        [address, count],
      );
    },

    async close() {
      await first.close();
      await second.close();
      await database.close();
    },
  };
}

const openApi = { title: "Shop", version: "1" };

type App = Awaited<ReturnType<typeof createHttp>>;
// biome-ignore lint/suspicious/noExplicitAny: the bodies of many routes, each looked at by its test.
type Answer = { status: number; body: any; cookies: Record<string, string>; headers: Record<string, unknown> };

/** Sends what a browser would from a page of the shop, unless the headers say otherwise. */
export function createBrowser(app: App, remoteAddress = "127.0.0.1") {
  const jar = new Map<string, string>();

  async function send(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, payload?: object, more = {}) {
    const headers: Record<string, string | undefined> = {
      host: "localhost",
      "sec-fetch-site": "same-origin",
      ...(jar.size > 0 && { cookie: Array.from(jar, ([name, value]) => `${name}=${value}`).join("; ") }),
      ...more,
    };
    for (const name in headers) if (headers[name] === undefined) delete headers[name];
    const asked = { method, url, headers, remoteAddress, ...(payload && { payload }) } as InjectOptions;
    const { statusCode, body, headers: said } = await app.inject(asked);
    const set = Object.fromEntries(
      [said["set-cookie"] ?? []].flat().map((line) => [line.split("=", 1)[0] as string, line]),
    );
    for (const [name, line] of Object.entries(set)) {
      const value = line.slice(name.length + 1).split(";", 1)[0] as string;
      if (value === "") jar.delete(name);
      else jar.set(name, value);
    }
    return { status: statusCode, body: body && JSON.parse(body), cookies: set, headers: said } as Answer;
  }

  return {
    jar,
    get: (url: string, more?: object) => send("GET", url, undefined, more),
    post: (url: string, body?: object, more?: object) => send("POST", url, body, more),
    patch: (url: string, body: object, more?: object) => send("PATCH", url, body, more),
    delete: (url: string, more?: object) => send("DELETE", url, undefined, more),
  };
}
