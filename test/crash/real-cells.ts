/**
 * Lists the cells on the real servers: one fleet for all of them, one after another, each with a product of its own.
 */
import { lastLines } from "../support/last-lines.ts";
import { type Cell, faultsOf } from "./cell.ts";
import { lineUnits } from "./line.ts";
import { realCrashGroups } from "./real-crash-cells.ts";
import type { RealStage } from "./real-stage.ts";
import { type ServerCell, serverGroups } from "./server-cells.ts";
import { runTrial } from "./trial.ts";

const buyers = { count: 80, everyMs: 60 };
const limitPerCustomer = 2;
const stock = 40;
const limitInDrop = 1;
const stockInDrop = 12;

export function realCells(stage: () => Promise<RealStage>, { quick }: { quick: boolean }): Cell[] {
  return [...serverGroups, ...realCrashGroups].flatMap(({ title, cells }) =>
    cells
      .filter((cell) => !quick || cell.quick)
      .map((cell): Cell => ({ group: title, name: cell.name, run: (random) => run(cell, random) })),
  );

  async function run({ fault, prepare, hasLine, chore = "none" }: ServerCell, random: () => number) {
    const shop = await stage();
    const product = { productId: await shop.newProduct(limitPerCustomer, stock), limitPerCustomer };
    const inDrop = { productId: await shop.newProduct(limitInDrop, stockInDrop), limitPerCustomer: limitInDrop };
    const inLine = hasLine
      ? {
          first: await shop.newProduct(limitInDrop, lineUnits.first),
          second: await shop.newProduct(limitInDrop, lineUnits.second),
        }
      : undefined;
    await prepare?.(shop);
    const said = new Map(shop.names.map((name) => [name, shop.fleet.member(name).output.length]));
    const disturb = (probe: () => void) => fault(shop, probe);
    const result = await runTrial({ shop, product, inDrop, inLine, buyers, chore, random, disturb });
    const faults = faultsOf(result);
    if (faults.length > 0) {
      for (const [name, from] of said) {
        faults.push(`${name} said:\n${lastLines(shop.fleet.member(name).output.slice(from), 25)}`);
      }
    }
    return { figures: result.figures, faults };
  }
}
