/** Encodes the image that loads a product into Redis, and reads what a product shows of itself. */
import type { GateImage, ProductSnapshot } from "../gate.ts";
import { isLatched } from "../sale.ts";
import { offerArguments, offerFrom, saleFrom, saleText } from "./terms.ts";

/** For a product with many customers each part keeps Redis busy for about a millisecond. */
const heldAtOnce = 2_000;

export type InstallCall = { script: "install" | "bury"; args: string[] };

/** The calls that load an image, one after the other: the product is open after the last. */
export function installCalls(image: GateImage, closing: string): InstallCall[] {
  const buried = buryArguments(image).map((args): InstallCall => ({ script: "bury", args }));
  const [first, ...rest] = installArguments(image, closing, buried.length > 0).map(
    (args): InstallCall => ({ script: "install", args }),
  );
  return first ? [first, ...buried, ...rest] : [];
}

/** With `inParts` in two calls at least. */
function installArguments(image: GateImage, closing: string, inParts: boolean): string[][] {
  const { epoch, sellable, applied, keysInBooks, offer, sale, latchedIn, held } = image;
  const figures = [String(epoch), closing, String(sellable), String(applied), keysInBooks ? "1" : "0"];
  const terms = [...(offer ? offerArguments(offer) : ["", "", "", ""]), sale ? saleText(sale) : "", latchedIn ?? ""];
  const common = [...figures, ...terms];
  const calls: string[][] = [];
  for (let i = 0; i === 0 || i < held.length; i += heldAtOnce) {
    const [isFirst, isLast] = [i === 0, i + heldAtOnce >= held.length];
    const part = isFirst ? (isLast && !inParts ? "one" : "first") : isLast ? "last" : "more";
    const pairs = held.slice(i, i + heldAtOnce).flatMap(([userId, quantity]) => [userId, String(quantity)]);
    calls.push([part, ...common, ...pairs]);
  }
  if (inParts && calls.length === 1) calls.push(["last", ...common]);
  return calls;
}

/** Retired keys in one call of `bury.lua`: few exchange their pass within minutes. */
const retiredAtOnce = 1_000;

function buryArguments({ epoch, retired }: GateImage): string[][] {
  const calls: string[][] = [];
  for (let i = 0; i < retired.length; i += retiredAtOnce) {
    const pairs = retired.slice(i, i + retiredAtOnce).flatMap(([orderId, untilMs]) => [orderId, String(untilMs)]);
    calls.push([String(epoch), ...pairs]);
  }
  return calls;
}

export function snapshotFrom(productId: string, reply: unknown): ProductSnapshot {
  const [
    state,
    epoch,
    sellable,
    pending,
    applied,
    unitPrice,
    currency,
    version,
    limit,
    oldestMs,
    whole,
    closing,
    saleOrNone,
    latchedIn = "",
  ] = reply as string[];
  const sale = saleFrom(saleOrNone);
  return {
    productId,
    open: state === "open" && Number(whole) === 1,
    whole: Number(whole) === 1,
    epoch: Number(epoch),
    sellable: Number(sellable),
    pending: Number(pending),
    applied: Number(applied),
    offer: offerFrom(unitPrice, currency, version, limit),
    oldestMs: oldestMs ? Number(oldestMs) : null,
    closing: closing ?? "",
    sale,
    latched: isLatched(sale, latchedIn),
  };
}
