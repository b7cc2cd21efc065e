/** `dropgate order ID`: prints all that the running system knows of one order, as one timeline. */
import { createHash } from "node:crypto";
import { firstBroken } from "#fairness";
import type { BlackBoxView } from "#wire/desk";
import { type Ask, Refused } from "./ask.ts";
import { shown } from "./shown.ts";

export type OrderArgs = { order: string; json: boolean };

/** @throws Refused if there is no such order, or no part that answers knows it. */
export async function tellOrder(ask: Ask, { order, json }: OrderArgs, print: (line: string) => void): Promise<void> {
  if (!/^[0-9A-Za-z -]{8,40}$/.test(order)) {
    throw new Refused(`${order} is neither an order's id nor its short code: the order's page and its mails have both`);
  }
  const box = (await ask("GET", `/admin/black-box/${encodeURIComponent(order)}`)) as BlackBoxView;
  if (json) print(JSON.stringify(box, null, 2));
  else for (const line of linesOf(box)) print(line);
  // The audit has lines also of an id that names no order, if a person tried to act on it.
  if (box.lines.some(({ source }) => source !== "audit")) return;
  const away = box.away.map(({ source }) => source).join(", ");
  if (away === "") throw new Refused(`there is no order ${box.orderId}: neither the gate nor the books have it`);
  throw new Refused(`nothing is known of order ${box.orderId}, and these parts did not answer: ${away}`);
}

function linesOf({ orderId, code, order, asOf, next, lines, away }: BlackBoxView): string[] {
  const broken = firstBroken(orderId, lines, (bytes) => createHash("sha256").update(bytes).digest());
  const named = `order ${orderId}${code === undefined ? "" : ` (${code})`}`;
  const head = order
    ? [
        `${named}: ${order.status}${order.reason === undefined ? "" : `, ${order.reason}`}`,
        `${order.quantity} × ${order.productId} for ${order.userId}, ${order.total} ${order.currency} in minor units`,
      ]
    : [named];
  const widest = Math.max(0, ...lines.map(({ source }) => source.length));
  const told = lines.map(
    ({ at, source, says }) => `${at}  ${ageOf(at, asOf).padStart(8)}  ${source.padEnd(widest)}  ${shown(says)}`,
  );
  const missing = away.map(({ source, why }) => `${source} did not answer, so its lines are missing: ${shown(why)}`);
  const chain =
    broken === undefined
      ? `${lines.length} entries, a chain of hashes; the shop signed the last one: ${lines.at(-1)?.hash ?? "none"}`
      : `entry ${broken + 1} was changed on its way: its hash is not that of the chain`;
  return [...head.map(shown), "", ...told, ...missing, "", chain, "", `Next: ${next}`];
}

const steps = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
] as const;

/** How long before the answer. */
function ageOf(at: string, asOf: string): string {
  const seconds = (Date.parse(asOf) - Date.parse(at)) / 1_000;
  const [size, unit] = steps.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${(seconds / size).toFixed(unit === "s" ? 1 : 0)} ${unit}`;
}
