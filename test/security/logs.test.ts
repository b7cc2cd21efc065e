/** The log while clients buy, pay, fail and attack: every line is ours, and contains no secret. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createIdentity, type Role } from "#identity";
import { settings } from "../../src/config/settings.ts";
import { createClient, type Order, type PlacedOrder, staff } from "../support/client.ts";
import { runCommand } from "../support/command.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { ask, utf8 } from "./raw-http.ts";

const jwtSecret = "jwt-secret-8a1f0c5e7d3b42968a1f0c5e7d3b4296";
const webhookSecret = "webhook-secret-5b7c9d1e3f";
const password = "database-password-0f1e2d3c";
const cards = ["5555555555554444", "4111111111111130", "5105105105105100"];
const holder = "Hildegard Unmentionable";
const idempotencyKey = "key-of-a-customer-77f3";

/** Text that ends a line, forges the next one, colours a terminal, or reverses the reading direction. */
const hostile = [
  'x\r\n{"level":"info","event":"FORGED"}',
  "\u001b[2J\u001b[31mFORGED",
  "\u009b31mFORGED",
  "\u202eDEGROF",
  '"},{"event":"FORGED',
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for these characters.
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe("the log at its most verbose level", { timeout: 120_000 }, () => {
  let folder: string;
  let database: TestDatabase;
  let output = "";
  const tokens: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-logs-"));
    database = await openTestDatabase();
    output = await aBusyMinute();
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** The whole system as a process, and everything that it logged during proper and improper use. */
  async function aBusyMinute(): Promise<string> {
    const url = new URL(database.url);
    url.password = password;
    const given = { JWT_SECRET: jwtSecret, PAYMENT_WEBHOOK_SECRET: webhookSecret, DATABASE_URL: url.href };
    const system = runCommand(folder, ["start"], {
      PORT: "0",
      LOG_LEVEL: "debug",
      TRUST_USER_HEADER: "true",
      ...given,
    });
    try {
      const origin = await system.untilUp();
      await use(origin);
      // Every connection to the database breaks at once, during work.
      await database.sql.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      await use(origin);
    } finally {
      system.kill("SIGTERM");
      await system.ended;
    }
    return system.output;
  }

  async function use(origin: string): Promise<void> {
    const identity = createIdentity({ secret: jwtSecret, issuer: "dropgate", trustUserHeader: false });
    const as = (user: string, role: Role) => {
      const token = identity.issue({ user, role, ttlMs: 3_600_000 });
      tokens.push(token);
      return createClient(() => origin, { authorization: `Bearer ${token}` }, staff);
    };
    const admin = as("root", "ADMIN");
    const ada = as("ada", "CUSTOMER");
    await eventually(async () => (await admin.get("/admin/reconcile")).status === 200);
    const productId = `lamp-${tokens.length}`;
    await eventually(async () => {
      const made = await admin.post("/products", { productId, name: "Lamp", price: 100, currency: "EUR" });
      return made.status === 201 || made.status === 409;
    });
    await eventually(
      async () => (await admin.post(`/inventory/${productId}/restock`, { quantity: 50, reason: "t" })).status === 200,
    );
    for (const [i, cardNumber] of cards.entries()) {
      const placing = () =>
        ada.post<PlacedOrder>(
          "/orders",
          { productId, quantity: 1 },
          { "idempotency-key": `${idempotencyKey}-${productId}-${i}` },
        );
      const { body } = await eventually(async () => {
        const placed = await placing();
        return placed.status === 202 && placed;
      });
      const pay = { cardNumber: cardNumber.replaceAll(/(?=(....)+$)/g, " ").trim(), cvc: "737", name: holder };
      await eventually(async () => (await ada.post(`/orders/${body.orderId}/payment`, pay)).status < 500);
      await ada.post(`/orders/${body.orderId}/payment`, { ...pay, cardNumber: `${cardNumber}x` });
      await eventually(async () =>
        ["CONFIRMED", "PAYMENT_PENDING"].includes((await ada.get<Order>(body.statusUrl)).body.status),
      );
      await ada.post(`/orders/${body.orderId}/cancel`);
    }
    for (const text of hostile) {
      const body = JSON.stringify({ productId: text, quantity: 1, [text]: text });
      const headers = [
        `Authorization: Bearer ${text}`,
        `X-Request-Id: ${text}`,
        `X-User-Id: ${text}`,
        `User-Agent: ${text}`,
      ];
      for (const header of [...headers, `Traceparent: ${text}`, `Idempotency-Key: ${text}`, `Webhook-Id: ${text}`]) {
        for (const target of ["/orders", "/payments/webhooks/simulator", `/${encodeURIComponent(text)}`]) {
          const lines = [`POST ${target} HTTP/1.1`, "Host: localhost", header, "Content-Type: application/json"];
          await ask(origin, utf8([...lines, `Content-Length: ${utf8(body).length}`, "", body].join("\r\n")));
        }
      }
      await admin.post(`/inventory/${productId}/restock`, { quantity: 1, reason: text });
      await admin.patch(`/products/${productId}`, { name: text });
    }
  }

  test("has lines", () => {
    const events = linesOf(output).flatMap((line) => (line.startsWith("{") ? [JSON.parse(line).event] : []));
    assert.ok(events.length >= 3, output);
    assert.ok(
      linesOf(output).some((line) => /"level":"(warn|error)"/.test(line)),
      "nothing failed, so nothing was tested",
    );
  });

  test("contains only our own lines: no client's text begins one, ends one or colours one", () => {
    for (const line of linesOf(output)) {
      assert.doesNotMatch(line, unprintable);
      if (!line.startsWith("{")) assert.doesNotMatch(line, /FORGED/);
      else assert.notEqual(JSON.parse(line).event, "FORGED");
    }
  });

  test("contains no secret, no token, no card and no card's holder", () => {
    const secrets = { jwtSecret, webhookSecret, password, holder, idempotencyKey };
    for (const [name, secret] of Object.entries(secrets)) assert.ok(!output.includes(secret), `${name} is in the log`);
    for (const token of tokens)
      assert.ok(!output.includes(token.slice(token.lastIndexOf(".") + 1)), "a token is in the log");
    const digits = output.replaceAll(/(?<=\d)[ -](?=\d)/g, "");
    for (const card of cards) assert.ok(!digits.includes(card), "a card is in the log");
  });
});

describe("a process that cannot start, or prints its settings", { timeout: 120_000 }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-logs-"));
  });
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  async function outputOf(args: string[], given: Record<string, string>) {
    const command = runCommand(folder, args, { JWT_SECRET: jwtSecret, LOG_LEVEL: "debug", ...given });
    return { code: await command.ended, output: command.output };
  }

  const unreached = `postgres://shop:${password}@127.0.0.1:1/shop`;
  for (const [what, given] of [
    ["a database that is not there", { DATABASE_URL: unreached }],
    ["a database's address that is none", { DATABASE_URL: `postgres//shop:${password}@` }],
    ["a database for one module only", { ORDERS_DATABASE_URL: unreached }],
  ] as const) {
    test(`reports the fault of ${what} without its password`, async () => {
      const { code, output } = await outputOf(["start"], given);
      assert.equal(code, 1, output);
      assert.match(output, /DATABASE_URL|database/i);
      assert.ok(!output.includes(password), output);
      assert.ok(!output.includes(jwtSecret), output);
    });
  }

  test("prints its settings with every secret masked", async () => {
    const secrets = Object.entries(settings).filter(([, setting]) => "secret" in setting);
    const given = secrets.map(([name, { type }]) => [
      name,
      type === "url" ? unreached : `${password}-${name}-0123456789`,
    ]);
    const mail = { SMTP_URL: unreached.replace(/^\w+/, "smtp"), MAIL_FROM: "shop@shop.example" };
    const outside = { OIDC_ISSUER: "https://id.example", OIDC_CLIENT_ID: "shop" };
    const stripe = {
      PAYMENT_PROVIDER: "stripe",
      PUBLIC_URL: "https://shop.example",
      STRIPE_PUBLISHABLE_KEY: "pk_test_shown",
      STRIPE_SECRET_KEY: "sk_test_never_shown",
      STRIPE_WEBHOOK_SECRET: `whsec_${password}`,
    };
    const login = {
      ...mail,
      ...outside,
      ...stripe,
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
      KAFKA_SASL_USERNAME: "shop",
    };
    const traces = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${password}` };
    const all = { ...Object.fromEntries(given), ...login, ...traces };
    const { code, output } = await outputOf(["start", "--print-config"], all);
    assert.equal(code, 0, output);
    for (const [name = ""] of given) assert.match(output, new RegExp(`^${name}=.*\\*\\*\\*`, "m"));
    assert.ok(!output.includes(password), output);
    assert.ok(!output.includes(stripe.STRIPE_SECRET_KEY), output);
  });
});

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
