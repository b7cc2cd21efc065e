/** All events that may happen next in a world. */
import { losePart } from "../../src/inventory/gate/lost-part.testing.ts";
import { apply, claimVoid, forget } from "../../src/inventory/gate/reducer.ts";
import { isUndecided } from "../../src/inventory/gate/state.ts";
import { count, decideInBooks, endOrder, enter } from "./books.ts";
import type { Move } from "./move.ts";
import { exchangeMoves } from "./moves-of-passes.ts";
import { buyerMoves, withdrawalMoves } from "./moves-of-people.ts";
import { rebuildMoves } from "./moves-of-rebuild.ts";
import { pauseMoves } from "./moves-of-sale.ts";
import type { Mutant } from "./settings.ts";
import { copyOfGate, fateOf, gateOf, productId, type World } from "./world.ts";

export function movesOf(world: World, mutant: Mutant | undefined): Move[] {
  return [
    ...world.attempts.flatMap((_, i) => buyerMoves(world, i, mutant)),
    ...withdrawalMoves(world, mutant),
    ...pauseMoves(world, mutant),
    ...exchangeMoves(world, mutant),
    ...logMoves(world, mutant),
    ...relayMoves(world, mutant),
    ...sweeperMoves(world, mutant),
    ...endMoves(world, mutant),
    ...world.rebuilds.flatMap((_, i) => rebuildMoves(world, i, mutant)),
    ...accidents(world, mutant),
  ];
}

function logMoves(world: World, mutant: Mutant | undefined): Move[] {
  const { onTheWay, log, settled, left } = world;
  const moves: Move[] = onTheWay.flatMap(({ orderId }, i) => [
    { name: `the event of ${orderId} arrives`, make: (w) => w.log.push(...w.onTheWay.splice(i, 1)) },
    { name: `the event of ${orderId} never arrives`, make: (w) => w.onTheWay.splice(i, 1) },
  ]);
  const next = log[settled];
  if (next) {
    moves.push({
      name: `${next.orderId} is settled`,
      make(w) {
        decideInBooks(w, [next], "claim", mutant);
        w.settled += 1;
      },
    });
    if (left.logLosses > 0) {
      moves.push({
        name: "the log loses its last event",
        fault: true,
        make(w) {
          w.left.logLosses -= 1;
          w.log.pop();
        },
      });
    }
  }
  if (left.redeliveries > 0) {
    for (const old of log.slice(0, settled)) {
      moves.push({
        name: `${old.orderId} is handed over again`,
        fault: true,
        make(w) {
          w.left.redeliveries -= 1;
          decideInBooks(w, [old], "claim", mutant);
        },
      });
    }
  }
  return moves;
}

/** The next row, and any other if the setting says so: early, late or repeated rows change nothing. */
function relayMoves(world: World, mutant: Mutant | undefined): Move[] {
  const product = gateOf(world);
  if (!product) return [];
  const { stream } = world.books;
  const rows = world.anyRow ? stream : stream.slice(product.applied, product.applied + 1);
  return rows.map((row) => ({
    name: `row ${row.seq} reaches the gate`,
    make(w) {
      const gate = gateOf(w);
      if (mutant === "no-seq-check" && gate && row.seq > 1) gate.applied = row.seq - 1;
      const answer = apply(w.gate.state, row);
      if (answer.kind === "drifted") throw new Error(`I3: the gate drifted by ${answer.drift} at row ${row.seq}`);
    },
  }));
}

function sweeperMoves(world: World, mutant: Mutant | undefined): Move[] {
  const { sweeping } = world;
  if (sweeping) {
    const { record, act } = sweeping;
    const make = (w: World) => {
      w.sweeping = null;
      decideInBooks(w, [record], act === "void" ? "void" : "claim", mutant);
    };
    return [{ name: `the sweeper's ${act} of ${record.orderId} is written`, make }];
  }
  const moves: Move[] = [];
  const product = gateOf(world);
  // The sweeper finds them by their age.
  for (const record of product?.parts.has("ages") ? product.records.values() : []) {
    const { orderId, state } = record;
    if (!isUndecided(record)) {
      moves.push({ name: `the stub of ${orderId} is forgotten`, make: (w) => forget(w.gate.state, record) });
    } else if (state !== "published") {
      moves.push({
        name: `the sweeper claims ${orderId}`,
        make(w) {
          const answer = mutant === "void-unclaimed" ? "voiding" : claimVoid(w.gate.state, record);
          if (answer === "voiding") w.sweeping = { record: { ...record, state: answer }, act: "void" };
        },
      });
    } else if (mutant !== "no-redrive" && !fateOf(world, record)) {
      moves.push({
        name: `the sweeper finds ${orderId} undecided`,
        make: (w) => {
          w.sweeping = { record: { ...record }, act: "redrive" };
        },
      });
    }
  }
  return moves;
}

/** Orders are paid or end; the effect on the units is counted later. */
function endMoves({ books, endings }: World, mutant: Mutant | undefined): Move[] {
  if (!endings) return [];
  const moves: Move[] = [];
  for (const [orderId, { status }] of books.orders) {
    const over = status === "ended" || status === "released";
    if (status === "reserved" || (mutant === "confirm-uncompared" && over)) {
      moves.push({ name: `${orderId} is confirmed`, make: (w) => endOrder(w, orderId, "confirmed") });
    }
    if (status === "reserved") moves.push({ name: `${orderId} ends`, make: (w) => endOrder(w, orderId, "ended") });
    if (status === "ended" || (mutant === "release-twice" && status === "released")) {
      moves.push({ name: `the end of ${orderId} is counted`, make: (w) => count(w, orderId) });
    }
  }
  return moves;
}

function accidents(world: World, mutant: Mutant | undefined): Move[] {
  const { gate, left, sweeping } = world;
  const moves: Move[] = [];
  if (left.gateLosses > 0 && gate.alive) {
    if (mutant === "eval-fallback") {
      moves.push({
        name: "the gate writes to disk",
        fault: true,
        make: save,
      });
    }
    moves.push({
      name: "the gate loses its memory",
      fault: true,
      make(w) {
        w.left.gateLosses -= 1;
        // With the fallback its scripts are simply sent again, and old data is used again.
        w.gate = w.gate.saved && mutant === "eval-fallback" ? { ...w.gate, state: copyOfGate(w.gate.saved) } : lost(w);
      },
    });
  }
  const product = gateOf(world);
  if (left.keyLosses > 0 && product && product.parts.size > 0) {
    for (const part of ["records", "ages", "held"] as const) {
      moves.push({
        name: `the ${part} of the product are lost`,
        fault: true,
        make(w) {
          w.left.keyLosses -= 1;
          const lamp = gateOf(w);
          if (lamp) losePart(lamp, part);
          if (lamp && mutant === "unstamped-keys") lamp.parts = product.parts;
        },
      });
    }
    moves.push({
      name: "the figures of the product are lost",
      fault: true,
      make(w) {
        w.left.keyLosses -= 1;
        w.gate.state.delete(productId);
      },
    });
  }
  if (left.restocks > 0) {
    moves.push({
      name: "a unit comes in",
      fault: true,
      make(w) {
        w.left.restocks -= 1;
        enter(w, 1);
      },
    });
  }
  if (left.days > 0) {
    moves.push({
      name: "a day passes",
      fault: true,
      make(w) {
        w.left.days -= 1;
        gateOf(w)?.keys.clear();
      },
    });
  }
  if (left.deaths > 0 && sweeping) {
    moves.push({
      name: "the sweeper dies",
      fault: true,
      make(w) {
        w.left.deaths -= 1;
        w.sweeping = null;
      },
    });
  }
  return moves;
}

function save({ gate }: World): void {
  gate.saved = copyOfGate(gate.state);
}

function lost({ gate }: World): World["gate"] {
  return { ...gate, alive: false, state: new Map(), saved: null };
}
