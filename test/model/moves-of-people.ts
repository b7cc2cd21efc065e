/** Models buyers, whose requests take the steps of place.ts and publication.ts, and an operator who takes stock out. */
import type { ReserveRequest } from "../../src/inventory/gate/gate.ts";
import { abort, adopt, claimVoid, mark, reserve } from "../../src/inventory/gate/reducer.ts";
import { decideInBooks, enter } from "./books.ts";
import type { Move } from "./move.ts";
import type { Mutant } from "./settings.ts";
import { type Attempt, available, gateOf, productId, type World } from "./world.ts";

type Step = (attempt: Attempt, world: World) => unknown;

export function buyerMoves(world: World, i: number, mutant: Mutant | undefined): Move[] {
  const attempt = world.attempts[i] as Attempt;
  const who = `${attempt.orderId}${world.attempts.findIndex(({ orderId }) => orderId === attempt.orderId) < i ? "'" : ""}`;
  const move = (says: string, step: Step): Move => ({
    name: `${who} ${says}`,
    make: (w) => step(w.attempts[i] as Attempt, w),
  });
  const moves = steps(world, attempt, mutant).map(([says, step]) => move(says, step));
  const underWay = attempt.step !== "ready" && attempt.step !== "done" && attempt.step !== "dead";
  if (underWay && world.left.deaths > 0) {
    moves.push({
      ...move("dies", (one, w) => {
        one.step = "dead";
        w.left.deaths -= 1;
      }),
      fault: true,
    });
  }
  return moves;
}

function steps(world: World, attempt: Attempt, mutant: Mutant | undefined): [string, Step][] {
  const { reservation } = attempt;
  if (attempt.step === "ready") return [["is reserved", (one, w) => begin(w, one, mutant)]];
  if (!reservation) return [];
  switch (attempt.step) {
    case "reserved":
      return [
        ["is handed to the log", sendIt],
        ["cannot be handed over", abortIt],
      ];
    case "sent": {
      const isInLog = world.log.some(
        ({ reservationNo, epoch }) => reservationNo === reservation.reservationNo && epoch === reservation.epoch,
      );
      const unacked: [string, Step] = [
        "hears nothing of the log",
        goTo(mutant === "abort-after-hand-over" ? abortIt : "unacked"),
      ];
      return isInLog
        ? [["is acknowledged", goTo(mutant === "202-before-mark" ? accept : "acked")], unacked]
        : [unacked];
    }
    case "acked":
      return [["is marked", markIt]];
    case "unacked":
      return [["is claimed for a void", claimIt]];
    case "voiding":
      return [["is voided in the books", (one, w) => voidIt(w, one, mutant)]];
    case "gone":
      return [["asks the books", asTheBooksSay]];
    default:
      return [];
  }
}

function goTo(next: Attempt["step"] | Step): Step {
  if (typeof next === "function") return next;
  return (attempt) => {
    attempt.step = next;
  };
}

function end(attempt: Attempt, answer: NonNullable<Attempt["answer"]>): Attempt {
  return Object.assign(attempt, { step: "done", answer });
}

const accept: Step = (attempt) => end(attempt, "accepted");

function begin(world: World, attempt: Attempt, mutant: Mutant | undefined): unknown {
  const { orderId, userId, quantity, keyed, pass } = attempt;
  const bodyHash = keyed ? "body" : "";
  const wanted = { ...request, orderId, userId, quantity, bodyHash, pass };
  let answer = reserve(world.gate.state, wanted, 0);
  if (answer.kind === "ask_books") {
    if (world.books.orders.has(orderId)) return end(attempt, "replayed");
    answer = reserve(world.gate.state, { ...wanted, newIn: answer.epoch }, 0);
  }
  if (answer.kind === "reserved") {
    if (world.pause === "answered") throw new Error(`D2: ${orderId} is reserved after a pause was answered`);
    const { exchange } = world;
    if (exchange.step === "retired" && exchange.orderId === orderId)
      throw new Error(`race of exchange and use: ${orderId} is reserved after its pass was exchanged`);
    if (world.wasSoldOut && pass === undefined)
      throw new Error(`the latch: ${orderId} got a unit without a pass after nothing was left`);
    noteSoldOut(world, mutant);
    return Object.assign(attempt, { step: "reserved", reservation: answer.reservation });
  }
  if (answer.kind !== "duplicate") return end(attempt, "refused");
  attempt.reservation = answer.reservation;
  const { state } = answer;
  if (state === "accepted" || state === "published" || state === "claimed") return end(attempt, "accepted");
  if (state === "refused") return end(attempt, "failed");
  const record = gateOf(world)?.records.get(orderId);
  if (mutant === "adopt-voiding" && record) record.state = "pending";
  const adopted = adopt(world.gate.state, productId, orderId, 0);
  if (adopted.kind === "refused") return end(attempt, "pending");
  return Object.assign(attempt, { step: "reserved", reservation: adopted.reservation });
}

/** The step that took the last unit has latched the product. */
function noteSoldOut(world: World, mutant: Mutant | undefined): void {
  const product = gateOf(world);
  if (!product?.sale?.latchAfterSoldOut || product.sellable > 0) return;
  world.wasSoldOut = true;
  if (mutant === "no-latch-in-step") product.latchedIn = null;
}

const request: Omit<ReserveRequest, "orderId" | "userId" | "quantity" | "bodyHash"> = {
  productId,
  expectedTotalMinor: null,
  newIn: null,
  withdrawal: false,
  ignoresSale: false,
  nowMs: 0,
  payByMs: 0,
};

const sendIt: Step = (attempt, world) => {
  attempt.step = "sent";
  if (attempt.reservation) world.onTheWay.push(attempt.reservation);
};

const abortIt: Step = (attempt, world) => {
  if (!attempt.reservation) return attempt;
  if (abort(world.gate.state, attempt.reservation) === "aborted") return end(attempt, "failed");
  return Object.assign(attempt, { step: "unacked" });
};

const markIt: Step = (attempt, world) => {
  if (!attempt.reservation) return attempt;
  const answer = mark(world.gate.state, attempt.reservation);
  if (answer === "published") return end(attempt, "accepted");
  if (answer === "refused") return end(attempt, "failed");
  if (answer === "stale") return end(attempt, "pending");
  return Object.assign(attempt, { step: answer });
};

const claimIt: Step = (attempt, world) => {
  if (!attempt.reservation) return attempt;
  const answer = claimVoid(world.gate.state, attempt.reservation);
  if (answer === "voiding" || answer === "gone") return Object.assign(attempt, { step: answer });
  if (answer === "published" || answer === "claimed") return end(attempt, "accepted");
  return end(attempt, answer === "refused" ? "failed" : "pending");
};

function voidIt(world: World, attempt: Attempt, mutant: Mutant | undefined): void {
  if (!attempt.reservation) return;
  const [decided] = decideInBooks(world, [attempt.reservation], "void", mutant);
  end(attempt, decided?.fate === "claimed" || decided?.fate === "duplicate" ? "accepted" : "failed");
}

const asTheBooksSay: Step = (attempt, { books }) => {
  const fates = [...books.fates.values()].filter(({ orderId }) => orderId === attempt.orderId);
  if (fates.some(({ fate }) => fate === "claimed")) return end(attempt, "accepted");
  return end(attempt, fates.length > 0 ? "failed" : "pending");
};

/**
 * Does what entries.ts does: reserves at the gate like an order, then decides; in the books alone if the gate is
 * closed.
 */
export function withdrawalMoves(world: World, mutant: Mutant | undefined): Move[] {
  const { step, reservation, units } = world.withdrawal;
  if (step === "ready") {
    return [
      {
        name: "stock is asked for",
        make(w) {
          const wanted = { ...request, orderId: "out", userId: "", quantity: units, bodyHash: "", withdrawal: true };
          const product = gateOf(w);
          const inBooks = !product?.open || mutant === "withdraw-from-books";
          if (inBooks && mutant !== "withdraw-from-books") {
            // Closed in a past epoch: an older image may be about to open it, so the request is repeated later.
            if (product?.epoch !== w.books.stock.epoch) return;
            if (available(w.books) - product.pending >= units) enter(w, -units);
          } else if (inBooks) enter(w, -units);
          const answer = inBooks ? undefined : reserve(w.gate.state, wanted, 0);
          const taken = answer?.kind === "reserved" ? answer.reservation : null;
          w.withdrawal = { units, step: taken ? "reserved" : "done", reservation: taken };
        },
      },
    ];
  }
  if (step !== "reserved" || !reservation) return [];
  const decideIt: Move = {
    name: "stock is taken out",
    make(w) {
      decideInBooks(w, [reservation], "withdraw", mutant);
      w.withdrawal = { ...w.withdrawal, step: "done" };
    },
  };
  const die: Move = {
    name: "the process that takes stock out dies",
    fault: true,
    make(w) {
      w.left.deaths -= 1;
      w.withdrawal = { ...w.withdrawal, step: "dead" };
    },
  };
  return world.left.deaths > 0 ? [decideIt, die] : [decideIt];
}
