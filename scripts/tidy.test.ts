import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type File, faultsIn } from "./tidy.ts";

/** A file that breaks one rule, and the same file without the fault. */
const cases: { rule: RegExp; bad: [path: string, text: string]; good: [path: string, text: string] }[] = [
  {
    rule: /250 lines/,
    bad: ["src/orders/accept/place.ts", "x\n".repeat(251)],
    good: ["src/orders/accept/place.ts", "x\n".repeat(250)],
  },
  { rule: /450 lines/, bad: ["src/a.test.ts", "x\n".repeat(451)], good: ["src/a.test.ts", "x\n".repeat(300)] },
  ...[
    'import { a } from "./a.ts";\n',
    "/** Prices. */\n",
    "/** reads the prices of products. */\n",
    "/** Reads the prices of products */\n",
  ].map((text) => ({
    rule: /opens with a sentence/,
    bad: ["src/orders/accept/place.ts", text] as [string, string],
    good: ["src/orders/accept/place.ts", "/**\n * Reads the prices of\n * products.\n */\n"] as [string, string],
  })),
  {
    rule: /opens with a sentence/,
    bad: ["src/inventory/gate/redis/mark.lua", "#!lua\nlocal a = 1\n"],
    good: ["src/inventory/gate/redis/mark.lua", "#!lua\n-- Marks orders that the log has acknowledged.\nlocal a = 1\n"],
  },
  {
    rule: /its own number/,
    bad: ["docs/adr/0001-another.md", "# 0001: Another record of this number\n"],
    good: ["docs/adr/9999-another.md", "# 9999: A number that no other record has\n"],
  },
  {
    rule: /its own number/,
    bad: ["docs/adr/9999-another.md", "# 0002: The number of another\n"],
    good: ["docs/adr/9999-another.md", "# 9999: A number that no other record has\n"],
  },
  { rule: /kebab-case/, bad: ["src/orders/placeOrder.ts", ""], good: ["src/orders/place-order.ts", ""] },
  { rule: /no utils/, bad: ["src/utils/date.ts", ""], good: ["src/orders/utilization.ts", ""] },
  { rule: /no utils/, bad: ["src/orders/index.ts", ""], good: ["src/orders/reindex.ts", ""] },
  { rule: /no Manager/, bad: ["src/a.ts", "class OrderManager {}"], good: ["src/a.ts", "type Orders = {}"] },
  {
    rule: /exports are named/,
    bad: ["src/a.ts", 'export * from "./b.ts"'],
    good: ["src/a.ts", 'export type * from "./b.ts"'],
  },
  { rule: /exports are named/, bad: ["src/a.ts", "export default 1"], good: ["src/a.ts", "export const one = 1"] },
  { rule: /an issue/, bad: ["src/a.ts", "// TODO later"], good: ["src/a.ts", 'const currency = "XXX";'] },
  { rule: /NODE_ENV/, bad: ["src/a.ts", "process.env.NODE_ENV"], good: ["test/a.ts", "process.env.NODE_ENV"] },
  {
    rule: /time of day/,
    bad: ["src/orders/accept/place.ts", "const nowMs = Date.now();"],
    good: ["src/orders/accept/place.ts", "const begunAtMs = elapsedMs();"],
  },
  {
    rule: /time of day/,
    bad: ["src/orders/accept/place.ts", "const begunAtMs = performance.now();"],
    good: ["test/crash/trial.ts", "const begunAtMs = performance.now();"],
  },
  {
    rule: /decided is a word/,
    bad: ["src/orders/settle/settle.ts", 'if (fate === "C") return;'],
    good: ["src/orders/settle/settle.ts", 'if (fate === "claimed") return;'],
  },
  {
    rule: /decided is a word/,
    bad: ["src/inventory/gate/redis/mark.lua", "if record.state ~= 'P' then return end"],
    good: ["src/inventory/gate/redis/codec.ts", 'const accepted = answer[0] === "A";'],
  },
  {
    rule: /endRoutes/,
    bad: ["test/e2e/a.e2e.ts", 'await page.unroute("**/orders");'],
    good: ["test/e2e/a.e2e.ts", "await endRoutes(page);"],
  },
  { rule: /runs alone/, bad: ["src/a.test.ts", 'it.only("x")'], good: ["src/a.test.ts", 'it("x")'] },
  {
    rule: /setTimeout as sleep.*one dialect/,
    bad: ["src/a.ts", 'import { setTimeout as pause } from "node:timers/promises";'],
    good: ["src/a.ts", 'import { setTimeout as sleep } from "node:timers/promises";'],
  },
  {
    rule: /setTimeout as sleep.*one dialect/,
    bad: ["src/a.ts", "await new Promise((resolve) => setTimeout(resolve, 100));"],
    good: ["src/a.ts", "await sleep(100);"],
  },
  {
    rule: /literal spread.*one dialect/,
    bad: ["src/a.ts", "const a = { ...{ b, c }, d };"],
    good: ["src/a.ts", "const a = { ...rest, ...(b && { c }) };"],
  },
  {
    rule: /camelCase.*one dialect/,
    bad: ["src/a.ts", "export const LOOK_EVERY_MS = 250;"],
    good: ["src/a.ts", "export const lookEveryMs = 250;\nexport const Order = Type.Object({});"],
  },
  {
    rule: /unit.*one dialect/,
    bad: ["src/a.ts", "const paymentWindow = 900_000;"],
    good: ["src/a.ts", "const paymentWindowMs = 900_000;\nconst window = new Map();"],
  },
  {
    rule: /function name.*one dialect/,
    bad: ["src/a.ts", "const nameOf = (a: (b: A) => B): string => a.name;"],
    good: ["src/a.ts", "const answer: Answer = (a) => a.name;\nfunction b() {\n  const c = (d: D) => d.name;\n}"],
  },
  {
    rule: /#platform\/wire.*one dialect/,
    bad: ["src/orders/wire.ts", 'const oneLine = "^[^\\\\p{Cc}\\\\p{Cs}]+$";'],
    good: ["src/platform/wire.ts", 'export const unprintable = "\\\\p{Cc}\\\\p{Cs}";'],
  },
  {
    rule: /assert\.ok.*one dialect/,
    bad: ["src/a.test.ts", "assert(isOpen);"],
    good: ["src/a.test.ts", "assert.ok(isOpen);\nfc.assert(property);"],
  },
  {
    rule: /catch \(error\).*one dialect/,
    bad: ["src/a.ts", "try {} catch (err) {}"],
    good: ["src/a.ts", "try {} catch (error) {}\ntry {} catch (cause) {}\ntry {} catch {}"],
  },
  {
    rule: /messageOf.*one dialect/,
    bad: ["src/a.ts", "const reason = error instanceof Error ? error.message : String(error);"],
    good: ["src/a.ts", "const reason = messageOf(error);"],
  },
  {
    rule: /statement_timestamp.*one dialect/,
    bad: ["src/a.ts", "select id from session where revoked_at >= clock_timestamp() - $1"],
    good: ["src/a.ts", "select clock_timestamp() as now from session where revoked_at >= statement_timestamp() - $1"],
  },
  {
    rule: /toSorted.*one dialect/,
    bad: ["src/a.ts", "const inOrder = [...names].sort();"],
    good: ["src/a.ts", "const inOrder = names.toSorted();"],
  },
  {
    rule: /own files only/,
    bad: ["src/payment/a.ts", "select 1 from orders.orders"],
    good: ["src/orders/a.ts", "select 1 from orders.orders"],
  },
  {
    rule: /path of one machine/,
    bad: ["README.md", "cd /home/ada/shop"],
    good: ["README.md", "cd /var/cache/dropgate"],
  },
  {
    rule: /are documents/,
    bad: ["src/a.ts", '"https://packages.shop.test/x"'],
    good: ["src/a.ts", '"https://www.rfc-editor.org/rfc/rfc9457"'],
  },
  { rule: /lock file/, bad: ["package-lock.json", '{"resolved": "x"}'], good: ["package-lock.json", "{}"] },
  ...[
    { integrity: "sha1-x" },
    {},
    { integrity: "sha512-x", hasInstallScript: true },
    { integrity: "sha512-x", dependencies: { b: "git+ssh://shop/b.git" } },
    { integrity: "sha512-x", dependencies: { b: "ada/b" } },
    { integrity: "sha512-x", optionalDependencies: { b: "file:../b" } },
  ].map((a) => ({
    rule: /comes from the registry/,
    bad: ["package-lock.json", lockOf(a)] as [string, string],
    good: ["package-lock.json", lockOf({ integrity: "sha512-x", dependencies: { b: "npm:@c/d@^1 || 2" } })] as [
      string,
      string,
    ],
  })),
  { rule: /60 lines/, bad: ["README.md", "x\n".repeat(61)], good: ["README.md", "x\n".repeat(60)] },
  {
    rule: /plain English/,
    bad: ["docs/guide/a.md", "Whoever reads this must guess."],
    good: ["docs/guide/a.md", "PostgreSQL runs as `nobody`, and the process drains."],
  },
  {
    rule: /plain English/,
    bad: ["src/platform/a.ts", "const a = 1;\n/** What\n * nobody waits for. */"],
    good: ["src/platform/a.ts", "const anonymous = world.anonymous; // A client without a name."],
  },
  {
    rule: /plain English/,
    bad: ["test/guide/a.test.ts", 'it("stops him", async () => {'],
    good: ["test/guide/a.test.ts", 'it("stops the person", () => knock(anonymous))'],
  },
  {
    rule: /plain English/,
    bad: ["test/edge/a.test.ts", "await world.anonymous.get(nobodysOrder);"],
    good: ["test/edge/a.test.ts", "const someBody = await world.anonymous.get(unknownOrder);"],
  },
  {
    rule: /plain English/,
    bad: ["src/a.ts", 'throw new Error("somebody else holds the lock");'],
    good: ["src/a.ts", 'throw new Error("another process holds the lock");'],
  },
  {
    rule: /plain English/,
    bad: ["src/a.ts", "// Where a record was\n// lost, it is read again."],
    good: ["src/a.ts", "// If a record was lost, it is read again. The page says where the server keeps it."],
  },
  {
    rule: /plain English/,
    bad: ["a.md", "The row, or null where\nit is gone."],
    good: ["a.md", "The row, or null if it is gone."],
  },
  {
    rule: /plain English/,
    bad: ["test/a.test.ts", 'test("what is void shows as failed. It holds nothing.", () => {'],
    good: ["test/a.test.ts", 'test("a void order shows as failed. It holds nothing.", () => {'],
  },
  {
    rule: /plain English/,
    bad: ["src/a.ts", "/** Who asks twice is answered once. */"],
    good: ["src/a.ts", "/** Who owns the order? The gate knows. */"],
  },
  {
    rule: /both numbers/,
    bad: ["src/a.ts", "const says = `\u0024{free} units are free`;"],
    good: ["src/a.ts", `const says = \`\${plural(free, "unit is", "units are")} free\`;`],
  },
  {
    rule: /program's name/,
    bad: ["src/platform/a.ts", 'const metric = "dropgate_a_total";'],
    good: ["src/orders/a.ts", 'const metric = "dropgate_a_total";'],
  },
  {
    rule: /program's name/,
    bad: ["src/engines/sql/a.ts", "limit(settings.RATE_LIMIT_PERSON)"],
    good: ["src/engines/sql/a.test.ts", 'settings: { RATE_LIMIT_PERSON: "0" }'],
  },
  { rule: /lead somewhere/, bad: ["README.md", "[a](none.md)"], good: ["README.md", "[a](package.json#x)"] },
  {
    rule: /names exists/,
    bad: ["README.md", "See `src/none.ts`."],
    good: ["README.md", "See `src/main.ts`, `/srv/src/none`."],
  },
  {
    rule: /names exists/,
    bad: ["src/a.ts", "// The reason: docs/adr/none.md."],
    good: ["src/a.ts", "// The reason: docs/adr/0001-node-through-npm.md."],
  },
  {
    rule: /names exists/,
    bad: ["web/a.ts", "/** The steps of src/none.ts. */"],
    good: ["web/a.ts", "/** The steps of src/main.ts, in each *.test.ts. */"],
  },
];

function lockOf(a: object): string {
  return JSON.stringify({ packages: { "": { dependencies: { a: "1" } }, "node_modules/a": a } });
}

/** The examples are fragments of files: an opening is looked for only where the rule is about openings. */
function faultsBut(file: File, rule: RegExp): string[] {
  return faultsIn(file).filter(
    (fault) => rule.source === "opens with a sentence" || !/opens with a sentence/.test(fault),
  );
}

describe("tidy", () => {
  for (const { rule, bad, good } of cases) {
    test(`finds a fault against: ${rule.source}`, () => {
      const [badPath, badText] = bad;
      const [goodPath, goodText] = good;
      const faults = faultsBut({ path: badPath, text: badText }, rule);
      assert.equal(faults.length, 1, faults.join("\n"));
      assert.match(faults[0] ?? "", rule);
      assert.deepEqual(faultsBut({ path: goodPath, text: goodText }, rule), []);
    });
  }
});
