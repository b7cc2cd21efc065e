/** Makes the requests, references and rows of the steps that both gates take. */
import type { Gate, Reservation, ReserveRequest, StreamItem, StreamRow } from "../gate.ts";
import { apply } from "../reducer.ts";
import type { GateState } from "../state.ts";
import { bodies, orders, type Pick, type Request, type Step, users } from "./steps.testing.ts";

export type World = {
  gate: Gate;
  state: GateState;
  products: string[];
  /** A command that bypasses the gate. */
  ask(command: string[]): Promise<unknown>;
  taken: Reservation[];
  closings: { productId: string; closing: string }[];
  nowMs: number;
  /** The gate's own clock, beside that of the process that asks: sales in this world open and close within a few ticks. */
  gateClock: { ms: number };
  /** An epoch that was lost with its product does not begin again. */
  lost: Map<string, number>;
};

export function requestOf(one: Request, world: World): ReserveRequest {
  const { state, products } = world;
  const productId = products[one.product] as string;
  const unitPriceMinor = state.get(productId)?.offer?.unitPriceMinor ?? 1;
  const right = unitPriceMinor * one.quantity;
  world.nowMs += 1;
  return {
    productId,
    orderId: orders[one.order] as string,
    userId: users[one.user] as string,
    quantity: one.quantity,
    bodyHash: one.withdrawal ? "" : (bodies[one.body] as string),
    expectedTotalMinor: one.total === "unsaid" ? null : one.total === "right" ? right : right + 1,
    newIn: epochOf(one, state.get(productId)?.epoch ?? 1),
    withdrawal: one.withdrawal,
    ignoresSale: one.ignoresSale,
    leases: one.leases,
    tells: one.tells,
    pass: one.pass,
    nowMs: world.nowMs,
    payByMs: world.nowMs + 60_000,
  };
}

function epochOf({ newIn }: Request, epoch: number): number | null {
  if (newIn === "no epoch") return null;
  return newIn === "this epoch" ? epoch : epoch - 1;
}

export function refOf({ at, nOff, epochOff }: Pick, { taken }: World): Reservation[] {
  const reservation = taken.at(-1 - (at % Math.max(taken.length, 1)));
  return reservation
    ? [{ ...reservation, reservationNo: reservation.reservationNo + nOff, epoch: reservation.epoch + epochOff }]
    : [];
}

/** A row with the right figure, unless the step wants a wrong one: the reducer computes it. */
export function rowOf(one: Extract<Step, { kind: "apply" }>, { state, products, taken }: World): StreamRow {
  const productId = products[one.product] as string;
  const loaded = state.get(productId);
  const ours = taken.filter((reservation) => reservation.productId === productId);
  const items = one.items.flatMap((item): StreamItem[] => {
    const [ref] = refOf(item.pick, { taken: ours } as World);
    const effect = item.effect as StreamItem["effect"];
    if (item.unknown || !ref) {
      return [
        {
          effect,
          orderId: "order-elsewhere",
          reservationNo: -1,
          userId: users[item.user] as string,
          quantity: item.quantity,
        },
      ];
    }
    return [
      { effect, orderId: ref.orderId, reservationNo: ref.reservationNo, userId: ref.userId, quantity: ref.quantity },
    ];
  });
  const { rowKind: kind, added } = one;
  const at = { epoch: (loaded?.epoch ?? 1) + one.epochOff, seq: (loaded?.applied ?? 0) + one.seqOff };
  const row: StreamRow = { productId, ...at, kind, added, items, availableAfter: 0 };
  const trial = structuredClone(state);
  apply(trial, row);
  const after = trial.get(productId);
  return { ...row, availableAfter: (after?.sellable ?? 0) + (after?.pending ?? 0) + one.drift };
}
