/**
 * `npm run simulate -- --seeds 10000`: schedules of the whole product on a virtual clock. `--seed N` runs one and
 * prints its events; `--planted <bug>` plants a bug, to see that it is caught; `--planted all` finds a seed for each.
 */
import { writeFile } from "node:fs/promises";
import { readOptions, refuse, wholeNumber } from "../../scripts/options.ts";
import { type Planted, plantedBugs } from "./planted.ts";
import { runSchedule } from "./schedule.ts";
import { type Figures, runSchedules, seedsFrom } from "./schedules.ts";

const help = `npm run simulate -- [options]

Runs schedules of the whole product on a virtual clock, with lost answers, crashes and a bank that misbehaves, and
judges every law after each. Exit 1 if a law is broken.

  --seeds N        how many schedules (1000)
  --from N         the first seed (1)
  --threads N      how many run at once (one for each processor)
  --seed N         this schedule alone, with its events
  --lines N        the last events that --seed prints (200)
  --planted BUG    plants a bug, to see that it is caught: ${Object.keys(plantedBugs).join(", ")}
  --planted all    finds for each bug the first seed that catches it, for the test of npm test (3 min)

Example: npm run simulate -- --seeds 300`;

const { values } = readOptions(help, {
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    threads: { type: "string" },
    seed: { type: "string" },
    planted: { type: "string" },
    lines: { type: "string", default: "200" },
  },
});
if (values.planted !== undefined && values.planted !== "all" && !(values.planted in plantedBugs)) {
  refuse(`--planted ${values.planted}: choose all, or one of ${Object.keys(plantedBugs).join(", ")}.`);
}
const planted = values.planted as Planted | undefined;

if (values.planted === "all") await findSeeds();
else if (values.seed !== undefined) await showOne(wholeNumber("--seed", values.seed, 0));
else await showMany();

async function findSeeds(): Promise<void> {
  const found: Record<string, number> = {};
  for (const bug of Object.keys(plantedBugs) as Planted[]) {
    const { violations } = await runSchedules({ seeds: seedsFrom(1, 2_000), planted: bug, stopAtFirst: true });
    const seed = violations[0]?.seed;
    console.log(seed === undefined ? `✗ ${bug}: none of 2,000 seeds catches it` : `✓ ${bug}: seed ${seed}`);
    if (seed === undefined) process.exitCode = 1;
    else found[bug] = seed;
  }
  const file = new URL("./planted-seeds.json", import.meta.url);
  await writeFile(file, `${JSON.stringify(found, null, 2)}\n`);
}

async function showOne(seed: number): Promise<void> {
  const lines = wholeNumber("--lines", values.lines);
  const { steps, virtualMs, violation, trace } = await runSchedule({ seed, planted, keepTrace: true });
  for (const line of trace.slice(-lines)) console.log(line);
  console.log(`seed ${seed}: ${steps} steps, ${(virtualMs / 1000).toFixed(1)} s of virtual time`);
  console.log(violation ? `✗ ${violation.law}: ${violation.says}` : "✓ every law held");
  process.exitCode = violation ? 1 : 0;
}

async function showMany(): Promise<void> {
  const isTerminal = process.stderr.isTTY;
  const figures = await runSchedules({
    seeds: seedsFrom(wholeNumber("--from", values.from, 0), wholeNumber("--seeds", values.seeds)),
    planted,
    ...(values.threads !== undefined && { threads: wholeNumber("--threads", values.threads) }),
    onProgress({ schedules, violations }) {
      if (isTerminal) process.stderr.write(`\r${schedules} schedules, ${violations.length} violations `);
    },
  });
  if (isTerminal) process.stderr.write("\r\u001b[K");
  print(figures);
  process.exitCode = figures.violations.length > 0 ? 1 : 0;
}

function print({ schedules, steps, virtualMs, wallMs, requests, orders, faults, violations }: Figures): void {
  const number = (of: number) => Math.round(of).toLocaleString("en");
  console.log(`schedules    ${number(schedules)} in ${number(wallMs / 1000)} s`);
  console.log(`steps        ${number(steps)}`);
  console.log(`virtual time ${(virtualMs / 3_600_000).toFixed(1)} h`);
  console.log(`requests     ${number(requests)}, orders in the books ${number(orders)}`);
  console.log("faults");
  for (const [kind, times] of [...faults].toSorted()) console.log(`  ${kind.padEnd(28)} ${number(times).padStart(9)}`);
  for (const { seed, law, says } of violations.slice(0, 20)) {
    const also = planted ? ` --planted ${planted}` : "";
    console.log(`✗ seed ${seed}, ${law}: ${says}\n  npm run simulate -- --seed ${seed}${also}`);
  }
  console.log(violations.length > 0 ? `✗ ${number(violations.length)} schedules broke a law` : "✓ every law held");
}
