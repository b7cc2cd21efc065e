/** `npm run load -- NAME`: a scenario of k6 against a shop, and the books of the shop afterwards. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engines } from "../bench/stage.ts";
import { readOptions, refuse, wholeNumber } from "../scripts/options.ts";
import { findProgram } from "../test/servers/cache.ts";
import { provisionK6 } from "../test/servers/generators.ts";
import { findShop, openAt, putOnSale, readBooks, type Shop, startShop } from "./shop.ts";

type Scenario = { says: string; seconds: number; rate: number; stock: number; leadSeconds?: number };

const plenty = 100_000_000;
const scenarios: Readonly<Record<string, Scenario>> = {
  accept: { says: "orders at a fixed rate, p99 below 50 ms", seconds: 30, rate: 500, stock: plenty },
  oversell: { says: "many more buyers than units: each unit is sold once", seconds: 10, rate: 500, stock: 100 },
  soak: { says: "orders that are paid and confirmed, for 10 minutes", seconds: 600, rate: 20, stock: plenty },
  browse: { says: "people look at the shop, one in twenty orders", seconds: 30, rate: 300, stock: plenty },
  overload: { says: "more orders than the shop takes", seconds: 20, rate: 20_000, stock: plenty },
  midnight: { says: "a drop opens and all order at once", seconds: 10, rate: 2_000, stock: 5_000, leadSeconds: 10 },
};
const buyers = 20_000;

const help = `npm run load -- NAME [options]

Scenarios of k6, which it builds the first time; each ends with the books: every 202 is an order, no unit sold twice.
${Object.entries(scenarios)
  .map(([name, { says, seconds, rate }]) => `  ${name.padEnd(9)} ${says} (${rate} a second, ${seconds} s)`)
  .join("\n")}

  --on embedded|real   the engines of the shop that it starts (embedded)
  --url URL            a shop that runs already. Its tokens are signed with this configuration's JWT_SECRET, as those of
                       npm run token are. It must allow all these orders from one address: RATE_LIMIT_ADDRESS=0
  --seconds N          how long
  --rate N             requests a second

k6 ends with its summary. The command fails if a threshold of the scenario was crossed or the books do not balance.`;

await main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values, positionals } = readOptions(help, {
    allowPositionals: true,
    options: {
      on: { type: "string", default: "embedded" },
      url: { type: "string" },
      seconds: { type: "string" },
      rate: { type: "string" },
    },
  });
  const [name = ""] = positionals;
  if (positionals.length === 0) return console.log(help);
  const scenario = scenarios[name];
  if (!scenario || positionals.length > 1) return refuse(`${positionals.join(" ")}: no such scenario.\n\n${help}`);
  if (values.on !== "embedded" && values.on !== "real") refuse(`--on ${values.on}: choose embedded or real.`);
  const given = {
    ...scenario,
    seconds: numberOf("--seconds", values.seconds) ?? scenario.seconds,
    rate: numberOf("--rate", values.rate) ?? scenario.rate,
  };
  if (!findProgram("k6")) {
    console.log("k6 is built, once, in about two minutes");
    await provisionK6();
  }
  await using stack = new AsyncDisposableStack();
  const shop = await (values.url ? findShop(values.url) : startShop(stack, values.on as Engines));
  await run(stack, name, given, shop);
}

async function run(stack: AsyncDisposableStack, name: string, scenario: Scenario, shop: Shop): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dropgate-load-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const tokens = join(folder, "tokens.json");
  const people = Array.from({ length: buyers }, (_, i) => shop.tokenOf(`buyer-${i}`, "CUSTOMER"));
  await writeFile(tokens, JSON.stringify(people));
  const { stock, seconds, rate, leadSeconds } = scenario;
  const productId = await putOnSale(shop, stock);
  // k6 needs a moment to begin; it counts the seconds until the opening from then on.
  const opensAtMs = leadSeconds === undefined ? 0 : Date.now() + leadSeconds * 1000;
  if (leadSeconds !== undefined) await openAt(shop, productId, opensAtMs);
  console.log(`${name}: ${rate} a second for ${seconds} s at ${shop.base}, ${stock.toLocaleString("en")} units\n`);

  const summary = join(folder, "summary.json");
  const prepared = JSON.stringify({ productId, rate, seconds, stock, opensAtMs, leadSeconds });
  const env = { BASE: shop.base, TOKENS: tokens, PREPARED: prepared, RUN: randomBytes(4).toString("hex") };
  const code = await runK6(name, summary, env);

  const { metrics } = JSON.parse(await readFile(summary, "utf8")) as { metrics: Record<string, { count?: number }> };
  const [accepted, unanswered] = ["accepted", "unanswered"].map((metric) => metrics[metric]?.count ?? 0) as [
    number,
    number,
  ];
  const ordered = await readBooks(shop, productId);
  const beyond = ordered - accepted;
  if (beyond < 0 || beyond > unanswered) {
    throw new Error(`the books have ${ordered} orders; ${accepted} were accepted and ${unanswered} not answered`);
  }
  if (ordered > stock) throw new Error(`${ordered} units of ${stock} were sold`);
  console.log(
    `\nThe books balance: ${accepted} accepted, ${ordered} ordered, ${unanswered} requests without an answer.`,
  );
  if (code !== 0) throw new Error("k6 says that a threshold was crossed: see its summary above");
}

function runK6(name: string, summary: string, env: Record<string, string>): Promise<number | null> {
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const args = ["run", "--quiet", "--no-usage-report", "--summary-export", summary, script];
  const k6 = spawn(findProgram("k6") ?? "k6", args, { env: { ...process.env, ...env }, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    k6.once("error", reject);
    k6.once("exit", resolve);
  });
}

function numberOf(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(option, text);
}
