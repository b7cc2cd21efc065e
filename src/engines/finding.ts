/** The result of one check of a server, a setting or the machine. */

import { systemClock } from "#platform/clock";

export type Finding = {
  /** A `warning` is a risk that stops no order; a `fault` stops orders or breaks a promise to buyers. */
  status: "ok" | "warning" | "fault";
  /** The thing: "Redis", "PostgreSQL, schema drops". */
  about: string;
  says: string;
  /** What to do. */
  mend?: string | undefined;
};

export function ok(about: string, says: string): Finding {
  return { status: "ok", about, says };
}

export function warning(about: string, says: string, mend: string): Finding {
  return { status: "warning", about, says, mend };
}

export function fault(about: string, says: string, mend?: string): Finding {
  return { status: "fault", about, says, mend };
}

/** A sale opens and orders end by the clocks of the servers, so a shopper sees what they differ by. */
const clockTolerance = { warnMs: 250, faultMs: 5_000 };

/** Reads a server's clock, and compares it with the clock of this machine. */
export async function clockOf(about: string, readMs: () => Promise<number>): Promise<Finding> {
  const sentMs = systemClock.nowMs();
  const readAtServer = await readMs();
  const answeredMs = systemClock.nowMs();
  const says = (ms: number) => `its clock is ${Math.round(ms)} ms ahead of this machine's, ±${reach}`;
  const reach = Math.round((answeredMs - sentMs) / 2);
  const aheadMs = readAtServer - (sentMs + answeredMs) / 2;
  const certainMs = Math.max(0, Math.abs(aheadMs) - reach);
  if (certainMs < clockTolerance.warnMs) return ok(about, says(aheadMs));
  const mend = "set both clocks by the same time service (chrony or systemd-timesyncd)";
  return certainMs < clockTolerance.faultMs ? warning(about, says(aheadMs), mend) : fault(about, says(aheadMs), mend);
}
