/** The program is started, killed in the middle of work, and started again. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { testCards } from "#payment";
import { openSql } from "../../src/engines/sql/postgres.ts";
import { createJudge } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { readStores } from "../laws/stores.ts";
import { attemptUnderWay, endAttempt, type Wish } from "../laws/wish.ts";
import { talkTo } from "../security/raw-http.ts";
import {
  type Client,
  createClient,
  crowd,
  type Order,
  type PlacedOrder,
  type Reconciliation,
  staff,
} from "../support/client.ts";
import { type Command, isAlive, runCommand } from "../support/command.ts";
import { readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { payOrder } from "../support/pay.ts";

const goodCard = { cardNumber: "4242 4242 4242 4242" };
const product = "test-product-123";

describe("the start command", { timeout: 400_000 }, () => {
  let folder: string;
  let port: string;
  let system: Command;
  let origin: string;
  const commands: Command[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-start-"));
    port = String(await freePort());
    await start();
  });
  afterEach((t) => {
    // If a test fails, the child's output is the first thing to look at; otherwise it is not needed.
    if ("passed" in t && !t.passed) for (const { pid, output } of commands) console.log(`--- ${pid} said:\n${output}`);
  });
  after(async () => {
    for (const command of commands) command.kill("SIGKILL");
    await Promise.all(commands.map((command) => command.ended));
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  function run(args: string[], settings: Record<string, string> = {}): Command {
    const command = runCommand(folder, args, { PORT: port, ...settings });
    commands.push(command);
    return command;
  }

  async function start(): Promise<void> {
    system = run(["start"]);
    origin = await system.untilUp();
  }

  const customer = (user: string) => createClient(() => origin, { "x-user-id": user }, crowd);

  /** The folder keeps its secret, so a token stays valid after the process. */
  let adminToken: string | undefined;
  async function admin(): Promise<Client> {
    if (!adminToken) {
      const token = run(["token", "--role", "ADMIN"]);
      assert.equal(await token.ended, 0);
      adminToken = token.output.trim();
    }
    return createClient(() => origin, { authorization: `Bearer ${adminToken}` }, staff);
  }

  async function postmasterPid(): Promise<number> {
    const text = await readFile(join(folder, "data/postgres/data/postmaster.pid"), "utf8");
    return Number(text.split("\n")[0]);
  }

  async function untilStatus(buyer: Client, orderId: string, ...statuses: string[]): Promise<Order> {
    return eventually(async () => {
      const { body } = await buyer.get<Order>(`/orders/${orderId}`);
      return statuses.includes(body.status) && body;
    });
  }

  test("O18: the banner names every test card", () => {
    for (const { number, says } of testCards) assert.ok(system.output.includes(`${number}  ${says}\n`), number);
  });

  test("prints its addresses, how to log in, the test cards, and its engines", async () => {
    assert.equal(origin, `http://127.0.0.1:${port}`);
    const { output } = system;
    for (const line of [
      /^ {4}SQL +PostgreSQL 1\d\.\d+, embedded, data in \S+$/m,
      /^ {4}stock gate +in memory$/m,
      /^ {4}event log +in PostgreSQL/m,
      /^ {4}workflows +DBOS/m,
      /^ {4}payment +simulator$/m,
      /header X-User-Id/,
      /npm run --silent token -- --role ADMIN .*\n +in a shell with the same DATA_DIR/,
      /4242 4242 4242 4242 +is approved/,
      /4000 0000 0000 0010 +is declined/,
    ]) {
      assert.match(output, line);
    }
    const addresses = new Set(output.match(/http:\/\/[^\s)]+/g));
    assert.ok(addresses.size >= 5, [...addresses].join(" "));
    for (const address of addresses) {
      // The order's address is for POST, and the root has no page. A part that does not answer its check within a second
      // counts as down, also on a busy machine: then the address of health answers 503.
      await eventually(async () => {
        const { status } = await fetch(address);
        assert.ok([200, 401, 404].includes(status), `${address} answers ${status}`);
        return true;
      });
    }
  });

  test("answers the guide's own request 202, and the order is paid", async () => {
    const buyer = customer("test-user");
    const body = '{\n    "productId": "test-product-123",\n    "quantity": 1\n  }';
    const placed = await buyer.raw<PlacedOrder>("POST", "/orders", body, { "content-type": "application/json" });
    assert.equal(placed.status, 202, JSON.stringify(placed.body));
    const { orderId } = placed.body;
    await untilStatus(buyer, orderId, "PAYMENT_PENDING");
    assert.equal((await payOrder(buyer, orderId, goodCard)).status, 202);
    await untilStatus(buyer, orderId, "CONFIRMED");
  });

  test("the commands about a running system find it: token, sync, reconcile", async () => {
    const [sync, reconcile] = [run(["sync"]), run(["reconcile"])];
    assert.equal(await sync.ended, 0);
    assert.equal(await reconcile.ended, 0);
    assert.match(sync.output, new RegExp(`"productId": "${product}",\\s+"action": "verified"`));
    assert.equal(JSON.parse(reconcile.output).status, "OK");
    const { status, body } = await (await admin()).get<Reconciliation>("/admin/reconcile");
    assert.deepEqual([status, body.status], [200, "OK"]);
  });

  test("a second start in the same folder ends and names the process that holds it; the first goes on", async () => {
    const second = run(["start"], { PORT: String(await freePort()) });
    assert.equal(await second.ended, 1);
    assert.match(second.output, new RegExp(`DATA_DIR \\S+ is in use by process ${system.pid}\\b`));
    assert.match(second.output, /stop it or set another DATA_DIR/);
    await eventually(async () => (await fetch(`${origin}/actuator/health/readiness`)).status === 200);
  });

  test("dropgate engines reads the engines of the shop that runs, and moves it only once it is stopped", async () => {
    const [engines, adopt, migrate] = [run(["engines"]), run(["engines", "--adopt"]), run(["migrate"])];
    assert.equal(await engines.ended, 0, engines.output);
    assert.match(engines.output, /^log +PostgreSQL$/m);
    assert.equal(await adopt.ended, 1, adopt.output);
    assert.match(
      adopt.output,
      new RegExp(`^Nothing was changed: .* in use by process ${system.pid}, .*; stop it, and repeat`),
    );
    assert.equal(await migrate.ended, 1);
    assert.doesNotMatch(migrate.output, /database is locked/);
  });

  test("H1: after kill -9 right after the 202s every accepted order exists and can be paid", async () => {
    const accepted: { buyer: Client; orderId: string }[] = [];
    const wishes = Array.from(
      { length: 80 },
      (_, i): Wish => ({ user: `buyer-${i}`, productId: product, key: undefined, attempts: [attemptUnderWay(i)] }),
    );
    const answers = wishes.map(async ({ user, attempts }) => {
      const buyer = customer(user);
      const { status, body } = await buyer.post<PlacedOrder>("/orders", { productId: product, quantity: 1 });
      for (const one of attempts) endAttempt(one, Date.now(), { accepted: status === 202, code: "", ...body });
      if (status === 202) accepted.push({ buyer, orderId: body.orderId });
      if (accepted.length === 30) system.kill("SIGKILL");
    });
    // A buyer without an answer was promised nothing.
    await Promise.allSettled(answers);
    assert.equal(await system.ended, "SIGKILL");
    assert.ok(accepted.length >= 30);
    await start();
    for (const { buyer, orderId } of accepted) await untilStatus(buyer, orderId, "PAYMENT_PENDING");
    await Promise.all(
      accepted.slice(0, 5).map(async ({ buyer, orderId }) => {
        assert.equal((await payOrder(buyer, orderId, goodCard)).status, 202);
        await untilStatus(buyer, orderId, "CONFIRMED");
      }),
    );
    // Orders whose buyers got no answer may still be on their way to the books.
    const body = await eventually(async () => {
      const { body } = await (await admin()).get<Reconciliation>("/admin/reconcile");
      assert.equal(body.status, "OK", JSON.stringify(body));
      return body.products.every(({ inFlight }) => inFlight === 0) && body;
    });
    const { held, sold, gate, onHand, inFlight } =
      body.products.find((one) => one.productId === product) ?? assert.fail();
    assert.ok(held + sold >= accepted.length + 1 && held + sold <= 81, JSON.stringify({ held, sold }));
    assert.deepEqual([onHand + sold, gate, inFlight], [1_000, onHand - held, 0]);
    const before: Wish = { user: "test-user", productId: product, key: undefined, attempts: [attemptUnderWay(0)] };
    assert.deepEqual(await brokenLaws([before, ...wishes], body), []);
  });

  /** What holds always, held to the stores while the shop is at work. */
  async function brokenLaws(wishes: readonly Wish[], { products: samples }: Reconciliation) {
    const { url } = JSON.parse(await readFile(join(folder, "data/postgres/owner.json"), "utf8")) as { url: string };
    const sql = openSql({ url, maxConnections: 1, applicationName: "laws" });
    const stores = await readStores(sql, [product]).finally(() => sql.close());
    assert.ok(stores.orders.length > 0);
    return createJudge(laws)({
      ...stores,
      atRest: false,
      limits: new Map(),
      gate: [],
      gateIsLeft: false,
      terms: [],
      taken: [],
      free: [],
      samples: samples.filter(({ productId }) => productId === product),
      wishes,
      cancelled: new Set(),
      extended: new Map(),
      announced: undefined,
      deadLetters: undefined,
      lateWish: undefined,
    });
  }

  test("Ctrl-C ends everything, open streams too, with exit code 0", async () => {
    const buyer = customer("last-user");
    const { body } = await buyer.post<PlacedOrder>("/orders", { productId: product, quantity: 1 });
    const reader = await readEvents(`${origin}${body.eventsUrl}`, { "x-user-id": "last-user" });
    await eventually(() => reader.events[0]);
    const postmaster = await postmasterPid();
    assert.ok(isAlive(postmaster));
    system.kill("SIGINT");
    // A part that waits for open streams is given up after ten seconds, and the code is 1 then.
    assert.equal(await system.ended, 0);
    await reader.untilEnded();
    assert.ok(!isAlive(postmaster), `PostgreSQL, process ${postmaster}, is still there`);
  });

  test("clients that never finish their requests are cut off at a stop, at both ports, and the exit code is 0", async () => {
    const managementPort = String(await freePort());
    system = run(["start"], { MANAGEMENT_PORT: managementPort });
    origin = await system.untilUp();
    const origins = [origin, `http://127.0.0.1:${managementPort}`];
    const clients = origins.map(talkTo);
    const half = "Host: 127.0.0.1\r\nX-User-Id: slow\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    clients[0]?.send(`POST /orders HTTP/1.1\r\n${half}`);
    clients[1]?.send(`PUT /admin/gatekeeper HTTP/1.1\r\n${half}`);
    // They arrive in their order: once these are answered, the halves have arrived.
    for (const at of origins) await fetch(`${at}/time`, { headers: { connection: "close" } });
    system.kill("SIGTERM");
    assert.equal(await system.ended, 0);
    for (const client of clients) await client.untilClosed();
  });

  test("at an IPv6 address it starts, shows the address as browsers take it, and its commands find it", async (t) => {
    const has = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
    if (!has) return t.skip("this machine has no IPv6");
    system = run(["start"], { HOST: "::1" });
    origin = await system.untilUp();
    assert.equal(origin, `http://[::1]:${port}`);
    assert.match(system.output, new RegExp(`console +http://\\[::1\\]:${port}/console`));
    const { status } = await customer("six").post("/orders", { productId: product, quantity: 1 });
    assert.equal(status, 202);
    const reconcile = run(["reconcile"], { HOST: "::1" });
    assert.equal(await reconcile.ended, 0, reconcile.output);
    system.kill("SIGTERM");
    assert.equal(await system.ended, 0);
  });

  test("if the port is taken it reports that in a sentence, and leaves nothing behind", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(port), "127.0.0.1", resolve));
    const refused = run(["start"]);
    assert.equal(await refused.ended, 1);
    other.close();
    assert.match(refused.output, new RegExp(`127\\.0\\.0\\.1:${port} is taken: .*set PORT to another one$`, "m"));
    assert.doesNotMatch(refused.output, /^ +at /m);
    await assert.rejects(postmasterPid(), { code: "ENOENT" });
  });

  test("an invalid setting is refused in a sentence", async () => {
    const refused = run(["start"], { PAYMENT_WINDOW_MS: "soon" });
    assert.equal(await refused.ended, 1);
    assert.match(refused.output, /PAYMENT_WINDOW_MS/);
    assert.doesNotMatch(refused.output, /^ +at /m);
  });
});
