/**
 * A pass is exchanged as retired-keys.ts does it: its key is written in the books, then the gate retires it or says that it
 * is spent, then the books are asked once more. Only then is another pass told.
 */
import { retire } from "../../src/inventory/gate/keys.ts";
import type { Move } from "./move.ts";
import type { Mutant } from "./settings.ts";
import { gateOf, productId, type World } from "./world.ts";

/** The end of the pass. The model's clock stands at 0. */
export const passEndsAtMs = 1;

export function exchangeMoves(world: World, mutant: Mutant | undefined): Move[] {
  const { exchange } = world;
  if (exchange.step === "none" || exchange.step === "spent" || exchange.step === "retired") return [];
  const moves = exchange.step === "ready" ? [write(mutant)] : [ask(mutant)];
  if (exchange.step !== "written" || world.left.deaths === 0) return moves;
  const die: Move = {
    name: "the process that exchanges the pass dies, and is asked again",
    fault: true,
    make(w) {
      w.left.deaths -= 1;
      w.exchange = { ...w.exchange, step: "ready" };
    },
  };
  return [...moves, die];
}

function write(mutant: Mutant | undefined): Move {
  return {
    name: "the key of the pass is written as retired",
    make(w) {
      const { orderId } = w.exchange;
      if (mutant !== "retire-at-gate-only") w.books.retired.add(orderId);
      const step = mutant === "retire-in-books" ? answerOf(w) : "written";
      w.exchange = { orderId, step };
    },
  };
}

function ask(mutant: Mutant | undefined): Move {
  return {
    name: "the gate is asked to retire the key",
    make(w) {
      const { orderId } = w.exchange;
      // A gate that is away or closed is asked again.
      const answer = gateOf(w) ? retire(w.gate.state, productId, orderId, passEndsAtMs, 0) : "closed";
      if (answer === "closed") return;
      const isRetired = answer === "retired" || mutant === "retire-unheard";
      w.exchange = { orderId, step: isRetired ? answerOf(w) : "spent" };
    },
  };
}

/** An order whose record has left the gate is in the books. */
function answerOf({ books, exchange }: World): "spent" | "retired" {
  for (const { orderId, fate } of books.fates.values()) {
    if (orderId === exchange.orderId && (fate === "claimed" || fate === "refused")) return "spent";
  }
  return "retired";
}
