/**
 * The commands that look closely at a system: one order and what was signed about it, payments after a restore, a rehearsal,
 * and the order of a line from outside.
 */
import { defineCommand } from "citty";
import { readConfig } from "../config/config.ts";
import { createAsk, originOf, Refused } from "./ask.ts";
import { type Fault, faults } from "./rehearse/buyers.ts";
import { createProgress } from "./rehearse/progress.ts";
import { tell } from "./shown.ts";

export const order = defineCommand({
  meta: {
    name: "order",
    description:
      "Print everything that the running system knows of one order, as one timeline, and what happens next to it; exit with 1 if there is no such order",
  },
  args: {
    order: { type: "positional", required: true, description: "The order's id, or its short code" },
    json: { type: "boolean", description: "Print JSON, with the facts of each line" },
  },
  async run({ args: { order, json = false } }) {
    const { tellOrder } = await import("./order.ts");
    await tellOrder(await createAsk(readConfig()), { order, json }, tell);
  },
});

export const receipt = defineCommand({
  meta: {
    name: "receipt",
    description:
      "Check what the shop signed about an order: a receipt, a refusal with its receipt, or an order's black box as JSON; exit with 1 if it does not hold",
  },
  args: {
    file: { type: "positional", required: true, description: "The file, or - for the standard input" },
    key: {
      type: "string",
      description:
        "The shop's address, or a file with its /.well-known/dropgate.json; by default the running system of these settings",
      valueHint: "https://shop.example",
    },
  },
  async run({ args: { file, key } }) {
    const { checkReceipt } = await import("./receipt.ts");
    if (!(await checkReceipt({ file, key: key ?? originOf(readConfig()) }, tell))) process.exitCode = 1;
  },
});

export const payments = defineCommand({
  meta: {
    name: "payments",
    description:
      "After the database was restored: list payments that the provider has and the books lost; with --yes adopt them",
  },
  args: {
    since: {
      type: "string",
      required: true,
      description: "The last commit that the restored database has, or an earlier moment",
      valueHint: "2026-11-27T08:00:00Z",
    },
    yes: { type: "boolean", description: "Adopt them: those of orders that ended without them are given back" },
  },
  async run({ args: { since, yes = false } }) {
    const { adoptPayments } = await import("./adopt-payments.ts");
    if (!(await adoptPayments(await createAsk(readConfig()), { since, yes }, tell))) process.exitCode = 1;
  },
});

export const rehearse = defineCommand({
  meta: {
    name: "rehearse",
    description:
      "Send simulated buyers with faults to the running system, on products of the rehearsal's own, and print a certificate of what held; exit with 1 unless it is clean",
  },
  args: {
    buyers: { type: "string", default: "100", description: "How many buyers come", valueHint: "100" },
    seconds: { type: "string", default: "10", description: "Over how long they come", valueHint: "10" },
    drop: { type: "string", description: "Rehearse prices, limits and hold of this drop", valueHint: "night-lamps" },
    faults: {
      type: "string",
      default: faults.join(","),
      description: `What goes wrong: ${faults.join(", ")}, or none. late waits for the end of a hold, a minute`,
      valueHint: "cut,double",
    },
    patience: { type: "string", default: "60", description: "For how many seconds an answer is waited for" },
    url: {
      type: "string",
      description: "The system, if not the one of these settings; its JWT_SECRET must be the same",
    },
    json: { type: "boolean", description: "Print the certificate as JSON" },
    file: { type: "string", description: "Write it into this file too, as JSON if its name ends so" },
    "on-production": { type: "boolean", description: "Rehearse although the shop looks like one of real people" },
  },
  async run({ args }) {
    const config = readConfig();
    const { rehearse: holdRehearsal } = await import("./rehearse/rehearse.ts");
    const certificate = await holdRehearsal(
      config,
      {
        url: args.url === undefined ? originOf(config) : addressOf(args.url),
        buyers: numberOf("buyers", args.buyers, 1, 100_000),
        seconds: numberOf("seconds", args.seconds, 0, 86_400),
        patienceSeconds: numberOf("patience", args.patience, 1, 3_600),
        faults: faultsOf(args.faults),
        dropId: args.drop,
        onProduction: args["on-production"] ?? false,
        json: args.json ?? false,
        file: args.file,
      },
      createProgress(process.stderr),
      tell,
    );
    if (!certificate.clean) process.exitCode = 1;
  },
});

export const verify = defineCommand({
  meta: {
    name: "verify",
    description:
      "Check the order of a drop's line as an outsider, from its address or from a folder without a network; exit with 1 if a check fails",
  },
  args: {
    where: {
      type: "positional",
      required: true,
      description:
        "The drop's address, such as https://shop.example/drops/night-lamps, or a folder of what was published",
    },
    receipt: {
      type: "string",
      description: "A file of what a waiting page kept: a receipt of a place, with the roots that the page saw",
      valueHint: "receipt.json",
    },
    keep: { type: "string", description: "Keep what was read in this folder", valueHint: "folder" },
  },
  async run({ args: { where, receipt, keep } }) {
    const { verifyLine } = await import("./verify/verify.ts");
    if (!(await verifyLine({ where, receipt, keep }, tell))) process.exitCode = 1;
  },
});

function addressOf(text: string): string {
  const url = /^https?:\/\//.test(text) ? URL.parse(text) : null;
  // Paths are added to it, and the certificate repeats it, so it has no query and no password.
  const isPlain = url && `${url.search}${url.hash}${url.username}${url.password}` === "";
  if (isPlain) return text.replace(/[/?#]+$/, "");
  if (url?.password) throw new Refused("--url has a password: leave it out");
  throw new Refused(`--url ${text}: give the address of the system, like http://127.0.0.1:8080`);
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  // `Number` takes "", "0x10" and "1e2" too.
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Refused(`--${flag} ${text}: give a whole number from ${least} to ${most}`);
}

function faultsOf(text: string): Fault[] {
  if (text === "none") return [];
  const named = text.split(",");
  const unknown = named.filter((name) => !faults.includes(name as Fault));
  if (unknown.length === 0) return named as Fault[];
  throw new Refused(`--faults ${unknown.join(",")}: choose from ${faults.join(", ")}, or none`);
}
