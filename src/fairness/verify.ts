/** Checks a line from what was published about it and what people kept: without a clock, a network or the shop. */
import { bytesOf } from "./bytes.ts";
import { type Check, fails, holds, type Tools } from "./check.ts";
import { checkBeacon, checkKey, checkRoot, checkRoster, checkRound, checkSeed } from "./draw-checks.ts";
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
  const { record, roster, kept, calls, served } = evidence;
  if (record.rules !== rules)
    return [fails("rules", `The record follows the rules ${record.rules}, and this check knows ${rules}.`)];
  const tree = createTree(tools.sha256);
  for (const ticket of roster) tree.append(bytesOf(ticket));
  const places = drawnPlaces(evidence, tools);
  return [
    checkBeacon(record),
    checkKey(evidence),
    holds("rules", `The rules are ${rules}: freeze, root, beacon, seed, order.`),
    checkRoot(record, tools),
    checkRoster(record, roster, tree),
    checkRound(record, tools),
    checkSeed(record, tools),
    checkHeads(evidence, tree, tools),
    checkCalls(calls, served),
    ...kept.flatMap((one) => [
      checkReceipt(evidence, one, tools),
      checkPlace(evidence, one, places),
      checkWitness(evidence, one, tree),
    ]),
    noteInvented(record),
  ];
}
