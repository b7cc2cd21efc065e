/**
 * The whole API, from the document of the running system, with thousands of requests that no honest client would send.
 * FUZZ_RUNS=20 makes it twenty times as many, FUZZ_SEED=n repeats a run.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";
import {
  type Caller,
  type Document,
  type Hostile,
  type Known,
  nameOf,
  operationsOf,
  requestTo,
} from "./hostile-requests.ts";
import { ask, type RawAnswer } from "./raw-http.ts";
import { createTableSums } from "./table-sums.ts";

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const scale = Number(process.env.FUZZ_RUNS ?? 1);
const burst = 10;

describe("the API under hostile requests", () => {
  let world: World;
  let known: Known;
  let documented: Document;
  let codes: Map<string, number>;
  let productId: string;
  let tableSums: () => Promise<Map<string, string>>;
  const seen = new Map<string, number>();
  /** Requests that may change something, and were not refused. */
  let changing = 0;

  before(async () => {
    world = await openWorld({
      settings: { RATE_LIMIT_PERSON: "0", RATE_LIMIT_FORGED_TOKENS: "0", PUBLIC_URL: "https://shop.example" },
    });
    documented = (await world.anonymous.get<Document>("/openapi.json")).body;
    codes = await codesOf("docs/errors.md");
    productId = await world.newProduct({ stock: 100_000 });
    const scarce = await world.newProduct({ stock: 1, limitPerCustomer: 1 });
    const ada = await world.place(world.as("ada"), productId, 2);
    const bob = await world.place(world.as("bob"), productId);
    await world.untilStatus(world.as("ada"), ada.orderId, "PAYMENT_PENDING");
    await world.untilStatus(world.as("bob"), bob.orderId, "PAYMENT_PENDING");
    known = {
      products: [productId, scarce, "no-such-product"],
      orders: [ada.orderId, bob.orderId, "00000000-0000-8000-8000-000000000000"],
      credentials: credentialsIn(world),
    };
    const sql = world.system.faces.engines.sql("orders", 1);
    tableSums = await createTableSums(sql);
  });
  after(async () => {
    await world.close();
  });

  /** Sends one request and checks its answer against every law without exceptions. */
  async function fire({ at, bytes }: Hostile): Promise<RawAnswer> {
    const answer = await ask(world.origin, bytes);
    const shown = () => `${JSON.stringify(bytes.slice(0, 600))}\n→ ${JSON.stringify(answer)?.slice(0, 600)}`;
    assert.ok(answer, `no answer to ${shown()}`);
    const { status, headers, body } = answer;
    seen.set(`${status}`, (seen.get(`${status}`) ?? 0) + 1);
    if (status < 300 && !at.startsWith("GET ")) changing += 1;
    if (status < 400 || at.startsWith("GET /actuator/health")) return answer;
    assert.match(headers["content-type"] ?? "", /^application\/problem\+json/, shown());
    const problem = JSON.parse(body) as Problem;
    assert.equal(problem.status, status, shown());
    assert.equal(codes.get(problem.code), status, `docs/errors.md does not say so: ${shown()}`);
    assert.doesNotMatch(body, /node_modules|\.ts:\d|\bat (async )?\w+ \(|syntax error at/, shown());
    if (status >= 500) {
      assert.equal(status, 503, shown());
      assert.ok(isDocumented(at, problem), `the document does not name ${problem.code} there: ${shown()}`);
    }
    return answer;
  }

  async function changedTables(before: ReadonlyMap<string, string>): Promise<string[]> {
    const now = await tableSums();
    return [...now.keys()].filter((table) => now.get(table) !== before.get(table));
  }

  /** Sagas, webhooks and relays of granted requests have ended. */
  async function untilQuiet(): Promise<void> {
    await eventually(async () => {
      const before = await tableSums();
      await sleep(600);
      return (await changedTables(before)).length === 0;
    });
  }

  function isDocumented(at: string, { status, code }: Problem): boolean {
    const operation = operationsOf(documented).find((one) => nameOf(one) === at);
    return operation?.responses[status]?.description?.includes(`\`${code}\``) ?? false;
  }

  test("refuses invalid and forbidden requests, and they change nothing", {
    timeout: 240_000,
  }, async () => {
    await untilQuiet();
    const operations = operationsOf(documented).filter(({ method }) => method !== "GET");
    const anyRequest = fc.oneof(...operations.map((operation) => requestTo(operation, known, { bent: true })));
    const bursts = fc.array(anyRequest, { minLength: burst, maxLength: burst });
    let compared = 0;
    let granted = 0;
    const run = fc.asyncProperty(bursts, async (requests) => {
      const before = await tableSums();
      const answers = await Promise.all(requests.map(fire));
      // A request that was granted after all may change something, at once and a moment later.
      if (answers.some(({ status }) => status < 400)) {
        granted += 1;
        return untilQuiet();
      }
      compared += 1;
      const shown = () => JSON.stringify(requests.map(({ bytes }, i) => [bytes.slice(0, 300), answers[i]?.status]));
      assert.deepEqual(await changedTables(before), [], shown());
    });
    await fc.assert(run, { seed, numRuns: 80 * scale, endOnFailure: true });
    console.log(`${compared} bursts of ${burst} refused requests compared, ${granted} with something granted`);
    assert.ok(compared > granted, `${compared} compared, ${granted} not`);
  });

  test("answers everything in time, as documented, and never with a fault of its own", {
    timeout: 240_000,
  }, async () => {
    const operations = operationsOf(documented);
    const anyRequest = fc.oneof(...operations.map((operation) => requestTo(operation, known, { bent: false })));
    const bursts = fc.array(anyRequest, { minLength: burst, maxLength: burst });
    let count = 0;
    changing = 0;
    const run = fc.asyncProperty(bursts, async (requests) => {
      const answers = await Promise.all(requests.map(fire));
      count += answers.length;
      // A request may have closed the shop; the next ones must find it open.
      if (requests.some(({ at }) => at === "PUT /admin/gatekeeper")) await openShop(world);
    });
    await fc.assert(run, { seed, numRuns: 220 * scale, endOnFailure: true });
    console.log(
      `${count} requests, seed ${seed}; answers: ${[...seen]
        .toSorted()
        .map(([s, n]) => `${s} ${n}`)
        .join(", ")}`,
    );
    // One in a hundred; any one kind of them, such as an order, is missing in some runs.
    assert.ok(changing > 0, "nothing was ever granted");
  });

  test("leaves books and gate in agreement, and the shop open", async () => {
    await openShop(world);
    await world.place(world.as("zoe"), productId);
    await world.untilAtRest(productId);
  });
});

async function openShop(world: World): Promise<void> {
  const { status, body } = await world.admin.put("/admin/gatekeeper", { mode: "gatekeeper" });
  assert.ok(status === 200 || status === 409, JSON.stringify(body));
}

function credentialsIn(world: World): Record<Caller, string> {
  const { identity } = world.system.faces;
  const bearer = (user: string, role: "CUSTOMER" | "WAREHOUSE" | "ADMIN") =>
    `Authorization: Bearer ${identity.issue({ user, role, ttlMs: 3_600_000 })}`;
  return {
    anonymous: "",
    customer: bearer("ada", "CUSTOMER"),
    another: bearer("eve", "CUSTOMER"),
    warehouse: bearer("wendy", "WAREHOUSE"),
    admin: bearer("root", "ADMIN"),
    header: "X-User-Id: ada",
    forged: bearer("root", "ADMIN").replace(/...$/, (end) => (end === "AAA" ? "EEE" : "AAA")),
  };
}

async function codesOf(path: string): Promise<Map<string, number>> {
  const rows = (await readFile(path, "utf8")).matchAll(/^\| `(\w+)` \| (\d+) \|/gm);
  return new Map([...rows].map(([, code = "", status]) => [code, Number(status)]));
}
