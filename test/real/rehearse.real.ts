/** `dropgate rehearse` and `dropgate order` on real servers, of which some are killed in the middle. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import pg from "pg";
import { serviceNames } from "../../src/service-names.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { until } from "../support/until.ts";

const quick = ["--faults", "cut,double,burst,slow,cancel"];

describe("a rehearsal on real servers", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let books: pg.Client;
  before(async () => {
    fleet = await openFleet();
    books = new pg.Client({ connectionString: fleet.servers.postgres.url });
    await books.connect();
  });
  afterEach((context) => tellOutput(fleet, ["all"])(context));
  after(async () => {
    await books?.end();
    await fleet?.close();
  });

  /** Orders of rehearsals in the books. */
  async function countOrders(): Promise<number> {
    const { rows } = await books.query("select count(*)::int from orders.orders where product_id like 'rehearsal-%'");
    return rows[0].count;
  }

  test("prints a clean certificate although Redis and Kafka are killed and come back in the middle", async () => {
    const held = fleet.run("rehearse", "--buyers", "150", "--seconds", "25", "--patience", "90", ...quick);
    let isOver = false;
    held.then(() => {
      isOver = true;
    });
    await until(async () => (await countOrders()) > 20, { withinMs: 60_000 });
    await fleet.servers.redis.kill("SIGKILL");
    await fleet.servers.redis.start();
    const before = await countOrders();
    await until(async () => (await countOrders()) > before + 5, { withinMs: 60_000 });
    await fleet.servers.kafka.kill("SIGKILL");
    assert.equal(isOver, false, "both were killed while it went on");
    await fleet.servers.kafka.start();
    const { code, output } = await held;
    assert.equal(code, 0, output);
    assert.match(output, /✓ Clean: every law holds\.\n$/);
    assert.doesNotMatch(output, /could not be put away|✗/);
    console.log(output);
  });

  test("ends with 1 and names the law if a stock row is changed behind its back", async () => {
    const held = fleet.run("rehearse", "--buyers", "12", "--seconds", "1", "--patience", "5", ...quick);
    await until(
      async () => {
        const changed = await books.query(
          "update inventory.stock set total_in = total_in - 1 where product_id like 'rehearsal-%-2' and total_in = 7",
        );
        return changed.rowCount === 1;
      },
      { withinMs: 60_000 },
    );
    const { code, output } = await held;
    assert.equal(code, 1, output);
    assert.match(output, /✗ lost units: .*\n {6}rehearsal-\w+-2: 6 brought in, and should be 7/);
  });

  test("the black box of an order is printed while Redis and Kafka are away, and names them", async () => {
    const lamp = await fleet.newProduct({ stock: 2 });
    const ada = fleet.as("ada");
    const { orderId } = await fleet.place(ada, lamp);
    await fleet.untilStatus(ada, orderId, "PAYMENT_PENDING");
    // A busy machine may need more than the two seconds that a part has.
    const whole = await until(
      async () => {
        const printed = await fleet.run("order", orderId);
        return !printed.output.includes("did not answer") && printed;
      },
      { withinMs: 60_000 },
    );
    assert.equal(whole.code, 0, whole.output);
    assert.match(whole.output, /^order \S+ \(\w{8}\): PAYMENT_PENDING$/m);
    assert.match(whole.output, /stock +1 unit claimed$/m);
    assert.match(whole.output, /\n\nNext: It waits for its payment until /);
    const unknown = await fleet.run("order", "00000000-0000-8000-8000-000000000000");
    assert.deepEqual([unknown.code, /404 order_not_found/.test(unknown.output)], [1, true], unknown.output);

    await Promise.all([fleet.servers.redis.kill("SIGKILL"), fleet.servers.kafka.kill("SIGKILL")]);
    const { code, output } = await until(
      async () => {
        const printed = await fleet.run("order", orderId);
        return !printed.output.includes("books did not answer") && printed;
      },
      { withinMs: 60_000 },
    );
    assert.equal(code, 0, output);
    assert.match(output, /^gate did not answer, so its lines are missing: /m);
    assert.match(output, /^log did not answer, so its lines are missing: /m);
    assert.match(output, /stock +1 unit claimed$/m);
    await fleet.servers.kafka.start();
    await fleet.servers.redis.start();
  });
});

describe("a rehearsal of a shop whose services run apart, without the desk", { timeout: 300_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet({ members: { shop: serviceNames.filter((name) => name !== "desk").join(",") } });
  });
  afterEach((context) => tellOutput(fleet, ["shop", "gateway"])(context));
  after(() => fleet?.close());

  test("is refused before it makes anything, with the service to start", async () => {
    const { code, output } = await fleet.run("rehearse", "--buyers", "2", "--faults", "none");
    assert.equal(code, 1, output);
    assert.match(output, /^GET \/admin\/dead-letters\S+ was answered 404 .*start the service that answers this/);
  });
});
