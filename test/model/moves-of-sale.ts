/** An operator pauses the product, as books.ts does: written, told to the gate until it has it, answered. */
import { setSale } from "../../src/inventory/gate/terms.ts";
import type { Move } from "./move.ts";
import type { Mutant } from "./settings.ts";
import { openSale } from "./terms.ts";
import { gateOf, productId, type World } from "./world.ts";

const paused = { ...openSale, paused: true, version: 2 };

export function pauseMoves(world: World, mutant: Mutant | undefined): Move[] {
  const moves = [...stepsOf(world, mutant), ...repair(world)];
  if (world.pause !== "written" || world.left.deaths === 0) return moves;
  const die: Move = {
    name: "the operator's process dies",
    fault: true,
    make(w) {
      w.left.deaths -= 1;
      w.pause = "dead";
    },
  };
  return [...moves, die];
}

function stepsOf({ pause }: World, mutant: Mutant | undefined): Move[] {
  if (pause === "ready") {
    return [
      {
        name: "the pause is written",
        make(w) {
          w.books.sale = paused;
          w.pause = mutant === "pause-in-books" ? "answered" : "written";
        },
      },
    ];
  }
  if (pause !== "written") return [];
  return [
    {
      name: "the gate is told of the pause",
      make(w) {
        // A product that is not loaded is told again: an image from before the pause may be on its way.
        if (w.gate.alive && setSale(w.gate.state, productId, paused) === "set") w.pause = "answered";
      },
    },
  ];
}

/** What upkeep.ts does where the gate has older terms than the books. */
function repair(world: World): Move[] {
  const product = gateOf(world);
  const { sale } = world.books;
  if (!product?.open || !sale || product.sale?.version === sale.version) return [];
  return [{ name: "the repair tells the gate of the pause", make: (w) => setSale(w.gate.state, productId, sale) }];
}
