/** Models the steps of rebuild.ts, each a move of its own: anything may happen between two of them. */
import { claimVoid, close, install } from "../../src/inventory/gate/reducer.ts";
import { isWhole } from "../../src/inventory/gate/state.ts";
import { decideInBooks, takeImage } from "./books.ts";
import type { Move } from "./move.ts";
import type { Mutant } from "./settings.ts";
import { gateOf, idle, productId, type Rebuild, type World } from "./world.ts";

export function rebuildMoves(world: World, i: number, mutant: Mutant | undefined): Move[] {
  const rebuild = world.rebuilds[i] as Rebuild;
  const name = i === 0 ? "the rebuild" : "the other rebuild";
  const move = (says: string, next: (w: World) => Partial<Rebuild>): Move => ({
    name: `${name} ${says}`,
    make(w) {
      w.rebuilds[i] = { ...rebuild, ...next(w) };
    },
  });
  if (rebuild.step === "idle") return beginning(world, i, move);
  const moves = next(world, rebuild, move, mutant);
  if (world.left.deaths > 0) {
    const die = move("dies", (w) => {
      w.left.deaths -= 1;
      return idle;
    });
    moves.push({ ...die, fault: true });
  }
  return moves;
}

type Say = (says: string, next: (world: World) => Partial<Rebuild>) => Move;

/** A gate that needs a rebuild gets one in the end; an admin asks for all other rebuilds. */
function beginning(world: World, i: number, move: Say): Move[] {
  const isNeeded = i === 0 && needsRebuild(world) && world.rebuilds.every(({ step }) => step === "idle");
  if (!isNeeded && world.left.rebuilds === 0) return [];
  const begin = move("begins", (w) => {
    if (!isNeeded) w.left.rebuilds -= 1;
    const seen = isNeeded ? (gateOf(w)?.epoch ?? 0) : undefined;
    return { step: "begun", epoch: w.books.stock.epoch, seen };
  });
  return [isNeeded ? begin : { ...begin, fault: true }];
}

/** The condition under which upkeep.ts rebuilds a product. */
function needsRebuild(world: World): boolean {
  const product = gateOf(world);
  const { epoch, seq } = world.books.stock;
  return !product?.open || !isWhole(product) || product.epoch !== epoch || product.applied > seq;
}

function next(world: World, rebuild: Rebuild, move: Say, mutant: Mutant | undefined): Move[] {
  const { step, toClaim, undecided, closing, image, end } = rebuild;
  switch (step) {
    case "begun":
      return [
        move("closes the gate", (w) => {
          w.gate.alive = true;
          w.closings += 1;
          const closing = `closing ${w.closings}`;
          // Loaded since its fault was seen: the rebuild has nothing to do.
          if (close(w.gate.state, productId, closing, rebuild.seen) === "open") return idle;
          return { step: "closed", closing };
        }),
      ];
    case "closed":
      return [
        move("reads the records", (w) => {
          const records = Array.from(gateOf(w)?.records.values() ?? [], (record) => ({ ...record }));
          const isClaimed = ({ state }: { state: string }) => state === "pending" && mutant !== "no-claim-at-close";
          const others = records.filter(({ state }) => state === "published" || state === "voiding");
          return { step: "claiming", toClaim: records.filter(isClaimed), undecided: others };
        }),
      ];
    case "claiming": {
      const [record, ...rest] = toClaim;
      if (!record) return [move("notes the end of the log", (w) => ({ step: "draining", end: w.log.length }))];
      return [
        move(`claims ${record.orderId}`, (w) => {
          const state = claimVoid(w.gate.state, record);
          const isUndecided = state === "published" || state === "voiding";
          return { toClaim: rest, undecided: isUndecided ? [...undecided, { ...record, state }] : undecided };
        }),
      ];
    }
    case "draining": {
      // If the log lost the noted records, the drain fails without progress, and the rebuild begins again.
      const nothingMoves = world.settled === world.log.length && world.log.length < end;
      if (nothingMoves) return [move("gives up", () => idle)];
      if (world.settled < end && mutant !== "no-drain") return [];
      return [move("sees the log settled", () => ({ step: "drained" }))];
    }
    case "drained":
      return [
        move("decides what is published", (w) => {
          const published = undecided.filter(({ state }) => state === "published");
          if (mutant !== "no-redrive-at-rebuild") decideInBooks(w, published, "claim", mutant);
          return { step: "voiding" };
        }),
      ];
    case "voiding":
      return [
        move("voids the rest", (w) => {
          decideInBooks(
            w,
            undecided.filter(({ state }) => state === "voiding"),
            "void",
            mutant,
          );
          return { step: "fencing", undecided: [] };
        }),
      ];
    case "fencing":
      if (world.books.stock.epoch !== rebuild.epoch && mutant !== "epoch-uncompared") {
        return [move("finds its epoch ended", () => idle)];
      }
      return [move("ends the epoch", (w) => ({ step: "fenced", image: takeImage(w, mutant) }))];
    case "fenced":
      return [
        move("installs the image", (w) => {
          const loaded = gateOf(w);
          if (mutant === "no-epoch" && loaded && image) loaded.epoch = image.epoch - 1;
          if (mutant === "install-forgets-pause" && loaded) loaded.sale = null;
          if (mutant === "install-forgets-latch" && loaded) loaded.latchedIn = null;
          const shown = mutant === "opens-anothers-closing" ? loaded?.closing : closing;
          // A name from an earlier life is invalid.
          if (image && w.gate.alive) install(w.gate.state, image, shown ?? "");
          return idle;
        }),
      ];
    default:
      return [];
  }
}
