/**
 * Two processes on one shop's books: with the same settings or not at all, and only one if the gate is in its memory.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Command, runCommand } from "../support/command.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";

describe("the processes of one shop", () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-engines-"));
  const commands: Command[] = [];
  let database: TestDatabase;
  let first: Command;

  function run(args: string[], change: Record<string, string> = {}): Command {
    const settings = {
      DATABASE_URL: database.url,
      JWT_SECRET: "s".repeat(32),
      PORT: "0",
      LOG_LEVEL: "error",
      ...change,
    };
    const command = runCommand(folder, args, settings);
    commands.push(command);
    return command;
  }

  async function refused(args: string[], change: Record<string, string>, says: RegExp): Promise<void> {
    const command = run(args, change);
    assert.equal(await command.ended, 1, command.output);
    assert.match(command.output, says);
  }

  before(async () => {
    database = await openTestDatabase();
    first = run(["start"]);
    await first.untilUp();
  });
  after(async () => {
    for (const command of commands) command.kill("SIGKILL");
    await Promise.all(commands.map((command) => command.ended));
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("O34: a second process with the gate in its memory does not start, and names the first", () =>
    refused(["start"], {}, new RegExp(`another process of this shop runs: dropgate process ${first.pid} on`)));

  const stripe = {
    PAYMENT_PROVIDER: "stripe",
    STRIPE_SECRET_KEY: "sk_test_1",
    STRIPE_PUBLISHABLE_KEY: "pk_test_1",
    STRIPE_WEBHOOK_SECRET: "whsec_1",
    PUBLIC_URL: "https://shop.example",
  };
  const others = [
    [
      "REDIS_HOST",
      { REDIS_HOST: "127.0.0.1" },
      /REDIS_HOST: this process has gate Redis at \S+, and the shop gate memory/,
    ],
    [
      "KAFKA_BOOTSTRAP",
      { KAFKA_BOOTSTRAP: "127.0.0.1:1" },
      /KAFKA_BOOTSTRAP: .*log Kafka at \S+, and the shop log PostgreSQL/,
    ],
    ["TEMPORAL_ADDRESS", { TEMPORAL_ADDRESS: "127.0.0.1:1" }, /TEMPORAL_ADDRESS: .* the shop workflows PostgreSQL/],
    [
      "payment provider",
      stripe,
      /PAYMENT_PROVIDER: this process has payment provider stripe, and the shop payment provider simulator/,
    ],
    ["SHOP", { SHOP: "other" }, /SHOP: this process has name other, and the shop name none/],
    [
      "a topic",
      { TOPIC_ORDERS_RESERVATIONS: "else" },
      /TOPIC_ORDERS_RESERVATIONS: .* reservations topic orders.reserv/,
    ],
  ] as const;
  for (const [what, change, says] of others) {
    test(`O34: a process with another ${what} than the shop's does not start, and names the setting`, () =>
      refused(["start"], change, says));
  }

  test("a question about the engines of a shop that was never started makes nothing, and says so", async () => {
    const empty = await openTestDatabase();
    try {
      const missing = join(folder, "never");
      for (const settings of [{ DATABASE_URL: empty.url }, { DATABASE_URL: "", DATA_DIR: missing }]) {
        const told = run(["engines"], settings);
        assert.equal(await told.ended, 0, told.output);
        assert.match(told.output, /was never started\. Its first start writes these engines.*\n\nname +none$/m);
      }
      const made = await empty.sql.query(
        "select nspname from pg_namespace where nspname !~ '^pg_|^information|^public'",
      );
      assert.deepEqual(made, []);
      assert.equal(existsSync(missing), false);
    } finally {
      await empty.close();
    }
  });

  test("O34: engines are not changed while a process runs", () =>
    refused(
      ["engines", "--adopt"],
      { SHOP: "renamed" },
      /Nothing was changed: .*none of its processes runs.*Stop it first/,
    ));

  test("O34: once all processes are stopped a command moves the shop; then only the new settings start", async () => {
    first.kill("SIGKILL");
    await first.ended;
    const told = run(["engines"], { SHOP: "renamed" });
    assert.equal(await told.ended, 0, told.output);
    assert.match(told.output, /name +none, and these settings say renamed/);
    const moved = run(["engines", "--adopt"], { SHOP: "renamed" });
    assert.equal(await moved.ended, 0, moved.output);
    assert.match(moved.output, /From now on the shop uses these/);
    await refused(["start"], {}, /SHOP: this process has name none, and the shop name renamed/);
    const next = run(["start"], { SHOP: "renamed" });
    await next.untilUp();
    next.kill("SIGTERM");
    assert.equal(await next.ended, 0, next.output);
  });

  test("O34: an accepted order that is not settled keeps the shop on its log", async () => {
    await database.sql.query(
      `insert into event_log.batch (topic, partition, base_offset, record_count, records)
       select 'renamed.orders.reservations', 0, coalesce(max(base_offset + record_count), 0), 1, '\\x00'::bytea
         from event_log.batch where topic = 'renamed.orders.reservations'`,
    );
    await refused(
      ["engines", "--adopt"],
      {},
      /renamed.orders.reservations has 1 record that renamed.order-processor-group has not read: start all services/,
    );
    const lost = run(["engines", "--adopt", "--log-is-lost"]);
    assert.equal(await lost.ended, 0, lost.output);
  });

  test("an event that no webhook, parcel or mail was made of keeps the shop on its log", async () => {
    const append = `insert into event_log.batch (topic, partition, base_offset, record_count, records)
      select $1, 0, coalesce(max(base_offset + record_count), 0), 1, '\\x00'::bytea from event_log.batch where topic = $1`;
    for (const [topic, group] of [
      ["drop.events", "webhook-group"],
      ["orders.events.dlq", "order-processor-group.dead-letters-seen"],
    ] as const) {
      await database.sql.query(append, [topic]);
      await refused(
        ["engines", "--adopt"],
        { TOPIC_ORDERS_EVENTS: "orders.events.next" },
        new RegExp(`Nothing was changed: ${topic} has 1 record that ${group} has not read: start all services`),
      );
      await database.sql.query("delete from event_log.batch where topic = $1", [topic]);
    }
  });

  test("O34: a payment that is under way keeps the shop with its provider", async () => {
    await database.sql.query(
      `with opened as (
         insert into payment.intent (order_id, user_id, amount_minor, currency, pay_by, opened_at)
         values (gen_random_uuid(), 'ada', 100, 'EUR', now(), now()) returning order_id
       )
       insert into payment.payment (payment_id, order_id, attempt, state, amount_minor, currency, provider, card_last4,
                                    requested_at, changed_at, next_try_at)
       select gen_random_uuid(), order_id, 1, 'authorized', 100, 'EUR', 'simulator', '4242', now(), now(), now()
         from opened`,
    );
    await refused(["engines", "--adopt"], stripe, /1 payment is under way at another provider than stripe: start the/);
    await database.sql.query("update payment.payment set state = 'captured'");
    const moved = run(["engines", "--adopt"], stripe);
    assert.equal(await moved.ended, 0, moved.output);
  });
});
