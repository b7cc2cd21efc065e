/** `dropgate receipt FILE`: checks what the shop signed about an order, and says it in words. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { type Entry, firstBroken, readStatement, type Statement } from "#fairness";
import { isSigned } from "#platform/ed25519";
import { plural } from "#platform/plural";
import { messageOf } from "#platform/thrown";
import { ShopKeyView, SignedText } from "#wire/fairness";
import { Refused } from "./ask.ts";
import { shown } from "./shown.ts";

export type ReceiptArgs = {
  /** A file, or `-` for the standard input. */
  file: string;
  /** A file with the shop's key, or the address of the shop. */
  key: string;
};

const Box = Type.Object({
  seal: SignedText,
  lines: Type.Array(
    Type.Object({
      at: Type.String(),
      source: Type.String(),
      says: Type.String(),
      facts: Type.Record(Type.String(), Type.Unsafe<string | number>({ type: ["string", "number"] })),
      hash: Type.String(),
    }),
  ),
});

/** Whether all of it holds. @throws Refused if a file cannot be read, or holds something else. */
export async function checkReceipt({ file, key }: ReceiptArgs, print: (line: string) => void): Promise<boolean> {
  const given = await readJson(file === "-" ? "/dev/stdin" : file);
  const entries = Value.Check(Box, given) ? given.lines : undefined;
  const receipt = receiptIn(given);
  if (!receipt) {
    throw new Refused(
      `${file} holds no receipt: save the answer of /orders/{order}/receipt, a refusal with its receipt, or dropgate order ID --json`,
    );
  }
  const statement = readStatement(receipt.text);
  if (!statement)
    throw new Refused(`${file} holds a text that this version cannot read: ${shown(receipt.text.slice(0, 80))}`);
  const isGenuine = isSigned(await readKey(key), receipt.text, receipt.signature);
  print(
    isGenuine
      ? "✓ signature  the shop's key signed this"
      : "✗ signature  the shop's key did not sign this: the text was changed, or it is another shop's key",
  );
  const fault = entries && faultOf(statement, entries);
  if (entries)
    print(fault === undefined ? `✓ chain      ${entries.length} entries, unchanged` : `✗ chain      ${fault}`);
  for (const line of wordsOf(statement)) print(shown(line));
  return isGenuine && fault === undefined;
}

/** Of a black box: which entry is not the one that was signed. */
function faultOf({ said }: Statement, entries: readonly (Entry & { hash: string })[]): string | undefined {
  const { orderId = "" } = said;
  const broken = firstBroken(orderId, entries, (bytes) => createHash("sha256").update(bytes).digest());
  const entry = broken === undefined ? undefined : entries[broken];
  if (broken !== undefined && entry) {
    return shown(
      `entry ${broken + 1} was changed, or one before it is gone: ${entry.at} ${entry.source}: ${entry.says}`,
    );
  }
  if ((entries.at(-1)?.hash ?? orderId) === said.head) return undefined;
  return `${said.entries} entries were signed, and these ${entries.length} are others: the last ones are gone, or all were made again`;
}

function wordsOf({ kind, said }: Statement): string[] {
  const at = (name: string) => {
    const moment = new Date(Number(said[name]));
    // A text that was changed may hold anything.
    return Number.isNaN(moment.getTime()) ? `${said[name]} ms since 1970` : moment.toISOString();
  };
  const units = `${said.quantity} × ${said.productId} for ${said.userId}`;
  switch (kind) {
    case "accepted": {
      const why = said.reason === "-" ? "" : `, ${said.reason}`;
      return [
        `Order ${said.orderId} was accepted: ${units} at ${said.unitPriceMinor} ${said.currency} each, in minor units.`,
        `It was placed at ${at("placedAtMs")}, to be paid by ${at("payByMs")}: reservation ${said.reservationNo} of epoch ${said.epoch} at the gate.`,
        `At ${at("atMs")} it was ${said.status}${why}.`,
      ];
    }
    case "refused":
      return [
        `An order of ${units} was refused at ${at("decidedAtMs")}: ${said.reason}. Nothing was taken; the order would have been ${said.orderId}.`,
        said.epoch === "-" ? `Decided by the ${said.by}, without the gate.` : gateWords(said),
      ];
    case "box":
      return [
        `Everything that was known of order ${said.orderId} at ${at("atMs")}, in ${said.entries} entries.`,
        ...(said.away === "-" ? [] : [`No answer came from: ${said.away}. What they know is missing.`]),
      ];
  }
}

function gateWords({ by, epoch, position, sellable, pending, held }: Statement["said"]): string {
  const holds = held === "-" ? "" : ` The person held ${held}.`;
  const free = plural(Number(sellable), "unit", "units");
  return `Decided by the ${by} in epoch ${epoch}, after row ${position} of the product's stream: ${free} free, ${pending} in undecided reservations.${holds}`;
}

function receiptIn(given: unknown): SignedText | undefined {
  if (Value.Check(SignedText, given)) return given;
  if (Value.Check(Box, given)) return given.seal;
  const Refusal: TSchema = Type.Object({ receipt: SignedText });
  return Value.Check(Refusal, given) ? (given as { receipt: SignedText }).receipt : undefined;
}

async function readKey(key: string): Promise<string> {
  const published = /^https?:\/\//.test(key)
    ? await fetchJson(`${key.replace(/\/+$/, "")}/.well-known/dropgate.json`)
    : await readJson(key);
  const Key = Type.Pick(ShopKeyView, ["publicKey"]);
  if (Value.Check(Key, published)) return published.publicKey;
  throw new Refused(`${key} has no publicKey: give the shop's address, or its /.well-known/dropgate.json in a file`);
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url).catch((cause) => {
    throw new Refused(`nothing answers at ${url}: ${messageOf(cause)}; --key names a file with the shop's key`, {
      cause,
    });
  });
  if (!response.ok) throw new Refused(`${url} was answered ${response.status}: --key names a file with the shop's key`);
  return response.json();
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Refused(`${path} cannot be read as JSON: ${shown(messageOf(cause))}`, { cause });
  }
}
