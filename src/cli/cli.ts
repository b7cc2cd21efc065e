#!/usr/bin/env node
/**
 * The command line starts the system, runs one task, or asks the running system. Commands about a running system use
 * HTTP, like every client. A command loads what it runs when it runs, so that help and errors come at once.
 */
import { enableCompileCache } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand, runMain } from "citty";
import { ConfigError } from "#platform/config";
import { printSettings } from "#platform/config-pages";
import { plural } from "#platform/plural";
import { readConfig } from "../config/config.ts";
import { settings } from "../config/settings.ts";
import { serviceNames } from "../service-names.ts";
import { createAsk, Refused } from "./ask.ts";
import { bench } from "./bench.ts";
import { checkCommandLine, checkHelp, saysOf } from "./command-line.ts";
import { deadLetters } from "./dead-letters.ts";
import { appoint, token } from "./people-commands.ts";
import { repair } from "./repair.ts";
import { seedDemoShop } from "./seed.ts";
import { shownLines, tell } from "./shown.ts";
import { order, payments, receipt, rehearse, verify } from "./trial-commands.ts";

// A third of the processor time of a start is compiling. If the folder cannot be written to, there is no cache, and no error.
enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/dropgate", import.meta.url)));

const start = defineCommand({
  meta: {
    name: "start",
    description: "Run the system; engines without an address in the settings run embedded, with data in DATA_DIR",
  },
  args: {
    services: {
      type: "string",
      description: `Run only these, separated by commas: ${serviceNames.join(", ")}; or gateway`,
      valueHint: "order,settlement",
    },
    "check-config": { type: "boolean", description: "Check the settings, print the result, and exit" },
    "print-config": {
      type: "boolean",
      description: "Print every setting, its value and its source, and exit; secrets are masked",
    },
  },
  async run({ args }) {
    const config = readConfig();
    const { ignoredVariables } = await import("#engines/open");
    const ignoredSays = `${ignoredVariables.join(", ")}: set in this shell and without effect, the URLs of databases alone count`;
    const warnings = ignoredVariables.length === 0 ? config.warnings : [...config.warnings, ignoredSays];
    for (const warning of warnings) console.error(`Warning: ${warning}`);
    if (args["print-config"]) process.stdout.write(printSettings(settings, config, config.origins));
    const names = args.services?.split(",") ?? serviceNames;
    if (args["check-config"]) {
      const { chooseServices } = await import("../services.ts");
      const { requireAddresses } = await import("../gateway/gateway.ts");
      if (chooseServices(config, names) === "gateway") requireAddresses(config);
      tell("The configuration is valid.");
    }
    if (args["print-config"] || args["check-config"]) return;
    const { runDropgate } = await import("../main.ts");
    await runDropgate(config, names);
  },
});

const migrate = defineCommand({
  meta: { name: "migrate", description: "Migrate the database to this version, and exit" },
  async run() {
    const { migrateOnly } = await import("../main.ts");
    const applied = await migrateOnly(readConfig());
    tell(applied.length === 0 ? "The database is up to date." : `Applied:\n${applied.join("\n")}`);
  },
});

/** A process looks at the gate's mode twice a second, see `follow.ts`. */
const gateHeardWithinMs = 1_000;

const seed = defineCommand({
  meta: {
    name: "seed",
    description: "Add the demo shop's products to the running system; existing ones stay unchanged",
  },
  async run() {
    const made = await seedDemoShop(await createAsk(readConfig()));
    // The first products of a shop start a life of the gate. After this wait every order process sells them.
    if (made > 0) await sleep(gateHeardWithinMs);
    tell(made === 0 ? "The demo shop is there already." : `Made ${plural(made, "product", "products")}.`);
  },
});

const sync = defineCommand({
  meta: { name: "sync", description: "Compare gate and books of the running system, and reload products that differ" },
  args: { rebuild: { type: "boolean", description: "Reload every product, also those that agree" } },
  async run({ args }) {
    const ask = await createAsk(readConfig());
    print(await ask("POST", `/admin/sync-redis${args.rebuild ? "?mode=rebuild" : ""}`));
  },
});

const reconcile = defineCommand({
  meta: {
    name: "reconcile",
    description: "Compare gate and books of the running system; exit with 1 unless all is OK",
  },
  args: {
    repair: { type: "boolean", description: "Show the plan of a repair" },
    yes: { type: "boolean", description: "With --repair: carry out the plan" },
  },
  async run({ args }) {
    const ask = await createAsk(readConfig());
    if (args.yes && !args.repair) throw new Refused("--yes says yes to --repair: give both, or neither");
    if (args.repair) {
      if (!(await repair(ask, args.yes ?? false, tell))) process.exitCode = 1;
      return;
    }
    const report = await ask("GET", "/admin/reconcile");
    print(report);
    if (report.status !== "OK") process.exitCode = 1;
  },
});

const replay = defineCommand({
  meta: {
    name: "replay",
    description: "List the dead letters of the running system; with an id show one, append it again, or discard it",
  },
  args: {
    letter: { type: "positional", required: false, description: "The id of a dead letter" },
    yes: { type: "boolean", description: "Append the record to its topic again" },
    discard: { type: "string", description: "Put the letter away for this reason", valueHint: "why" },
    all: { type: "boolean", description: "List those too that were replayed or discarded" },
  },
  async run({ args: { letter, yes = false, discard, all = false } }) {
    await deadLetters(await createAsk(readConfig()), { letter, yes, discard, all }, tell);
  },
});

const engines = defineCommand({
  meta: {
    name: "engines",
    description: "Print the engines that the shop uses, and whether these settings name the same",
  },
  args: {
    adopt: {
      type: "boolean",
      description: "Move the shop to the engines of these settings, while none of its processes runs",
    },
    "log-is-lost": { type: "boolean", description: "With --adopt: the old log is lost and cannot be read" },
  },
  async run({ args }) {
    const logIsLost = args["log-is-lost"] ?? false;
    if (logIsLost && !args.adopt) throw new Refused("--log-is-lost goes with --adopt");
    const { tellEngines } = await import("./adopt.ts");
    await tellEngines(readConfig(), { adopt: args.adopt ?? false, logIsLost, print: tell });
  },
});

const doctorCommand = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Look over the settings, the machine, the engines and the running system, and say how to mend what is wrong; exit with 1 at a fault",
  },
  async run() {
    const { doctor } = await import("./doctor.ts");
    if (!(await doctor(readConfig(), tell))) process.exitCode = 1;
  },
});

/** Its arguments are read by the benchmarks themselves. */
const benchCommand = defineCommand({
  meta: { name: "bench", description: "Run the benchmarks, on engines that they start; --help lists them" },
});

const main = defineCommand({
  meta: { name: "dropgate", description: "A flash-sale order system: no unit sold twice, none lost" },
  subCommands: {
    start,
    migrate,
    seed,
    token,
    appoint,
    sync,
    reconcile,
    replay,
    payments,
    order,
    receipt,
    rehearse,
    verify,
    doctor: doctorCommand,
    bench: benchCommand,
    engines,
  },
});

function print(answer: unknown): void {
  tell(JSON.stringify(answer, null, 2));
}

/**
 * A reader that has seen enough, as `head`, or has ended, as a log's pipe, ends no command in the middle: it goes on to its
 * end without being read, and its exit code says how it ended. So does a command whose output is lost, as on a full disk,
 * but it says so.
 */
function goOnUnread(): void {
  let told = false;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    if (!told) console.error(`The output cannot be written: ${error.message}`);
    told = true;
    process.exitCode = 1;
  });
}

/** The colours of citty would be signs between the words in a file or a pipe. */
async function showUsage<T extends ArgsDef>(command: CommandDef<T>, parent?: CommandDef<T>): Promise<void> {
  const usage = await renderUsage(command, parent);
  console.log(process.stdout.isTTY ? usage : stripVTControlCharacters(usage));
}

goOnUnread();
const rawArgs = process.argv.slice(2);
const benchArgs = rawArgs[0] === "bench" ? rawArgs.slice(1) : undefined;
const asksForHelp = !benchArgs && (rawArgs.length === 0 || rawArgs.includes("--help") || rawArgs.includes("-h"));
try {
  if (asksForHelp) {
    checkHelp(main, rawArgs);
    await runMain(main as CommandDef, { rawArgs: rawArgs.length === 0 ? ["--help"] : rawArgs, showUsage });
  } else if (benchArgs) process.exitCode = await bench(benchArgs);
  else {
    checkCommandLine(main, rawArgs);
    await runCommand(main as CommandDef, { rawArgs });
  }
} catch (error) {
  // Errors that the person can correct are printed without their causes, and all errors without a stack trace.
  const isPlain = error instanceof ConfigError || error instanceof Refused || (error as Error).name === "CLIError";
  console.error(shownLines(isPlain ? (error as Error).message : `${saysOf(error)}\nLOG_LEVEL=debug shows where.`));
  if (!isPlain && process.env.LOG_LEVEL === "debug") console.error(error);
  process.exit(1);
}
