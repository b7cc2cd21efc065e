/** Checks a line from what was published about it and what people kept: without a clock, a network or the shop. */
import { bytesOf } from "./bytes.ts";
import { type Check, fails, holds, type Tools } from "./check.ts";
import { checkBeacon, checkKey, checkRoot, checkRoster, checkRound, checkSeed } from "./draw-checks.ts";
import { checkEmpty, isEmpty } from "./empty-checks.ts";
import { checkOrders } from "./order-checks.ts";
import {
  checkCalls,
  checkHeads,
  checkPlace,
  checkReceipt,
  checkWitness,
  drawnPlaces,
  noteInvented,
} from "./people-checks.ts";
import type { Evidence } from "./record.ts";
import { rules } from "./texts.ts";
import { createTree } from "./tree.ts";

/** One sentence a check. The line is as promised if none of them fails. */
export function verify(evidence: Evidence, tools: Tools): Check[] {
  const { record, roster, kept, calls } = evidence;
  if (record.rules !== rules)
    return [fails("rules", `The record follows the rules ${record.rules}, and this check knows ${rules}.`)];
  const tree = createTree(tools.sha256);
  for (const ticket of roster) tree.append(bytesOf(ticket));
  const places = drawnPlaces(evidence, tools);
  const shop = [checkKey(evidence), holds("rules", `The rules are ${rules}: freeze, root, beacon, seed, order.`)];
  const served = [checkHeads(evidence, tree, tools), checkCalls(calls, evidence.served), checkOrders(evidence)];
  const people = kept.map((one) => [checkReceipt(evidence, one, tools), checkPlace(evidence, one, places)]);
  if (isEmpty(record)) {
    return [...shop, checkEmpty(evidence), checkRoster(record, roster, tree), ...served, ...people.flat()];
  }
  return [
    checkBeacon(record),
    ...shop,
    checkRoot(record, tools),
    checkRoster(record, roster, tree),
    checkRound(record, tools),
    checkSeed(record, tools),
    ...served,
    ...kept.flatMap((one, index) => [...(people[index] ?? []), checkWitness(evidence, one, tree)]),
    noteInvented(record),
  ];
}
