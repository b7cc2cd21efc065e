/** Makes what the gate is asked for from a buyer's request. Pure. */
import { hash } from "node:crypto";
import type { ReserveRequest } from "#inventory";
import type { PlaceRequest } from "./answers.ts";

type Named = Pick<ReserveRequest, "orderId" | "bodyHash" | "newIn" | "nowMs" | "payByMs" | "leases">;

export function wantedOf(request: PlaceRequest, named: Named): ReserveRequest {
  const { userId, productId, quantity, expectedTotalMinor, pass, tells } = request;
  const asked = { userId, productId, quantity, expectedTotalMinor, pass: pass?.dropId, ...(tells && { tells }) };
  return { ...asked, ...named, withdrawal: false, ignoresSale: false };
}

/** Tells a repeat of the request from another request under its key. */
export function hashOf({ productId, quantity, expectedTotalMinor }: PlaceRequest): string {
  const body = JSON.stringify([productId, quantity, expectedTotalMinor]);
  return hash("sha256", body, "base64url").slice(0, 22);
}
