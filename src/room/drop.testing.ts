/** A drop with a line, for the tests of lines. */
import type { LineDrop } from "./line-drop.ts";

type Given = Pick<LineDrop, "dropId" | "opensAt" | "closesAt">;

/** It sells these products, and is scheduled. */
export function lineDropOf(productIds: readonly string[], given: Given & Partial<LineDrop>): LineDrop {
  return {
    name: "Lamps",
    zone: "Europe/Berlin",
    state: "scheduled",
    holdSeconds: 300,
    paused: false,
    products: productIds.map((productId) => ({ productId, label: null })),
    entry: "line",
    prequeueAt: null,
    freezeLeadSeconds: 30,
    admitPerSecond: 100,
    listAfterSoldOut: true,
    verifiedOnly: false,
    beacon: "own",
    workToJoin: false,
    round: null,
    listed: [],
    ...given,
  };
}
