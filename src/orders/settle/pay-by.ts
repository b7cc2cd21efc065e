/** The deadline to pay of an order that comes into the books late. */
import type { Reservation } from "#inventory";

/**
 * An order can be paid once it is in the books. If PostgreSQL or settlement was away, at least half of its time is left then, or
 * each order of that outage would end unpaid.
 */
export function payByInBooks(
  { reservedAtMs, payByMs }: Pick<Reservation, "reservedAtMs" | "payByMs">,
  settledAtMs: number,
): number {
  const leastMs = Math.floor((payByMs - reservedAtMs) / 2);
  return leastMs > 0 ? Math.max(payByMs, settledAtMs + leastMs) : payByMs;
}
