/** Writes times of day quickly. */
const latestMs = 8.64e15;
/** A power of two. Times that are written together are of few seconds: now, and the ends of the times to pay. */
const slots = 64;
const secondOf = new Float64Array(slots).fill(Number.NaN);
const textOf: string[] = Array.from({ length: slots }, () => "");
const endings = Array.from({ length: 1_000 }, (_, ms) => `${String(ms).padStart(3, "0")}Z`);

/**
 * Milliseconds since 1970 as `Date.prototype.toISOString` writes them, which takes eighty times as long: an order's way
 * writes some thirty times of day. The text of a second is kept until another one takes its slot.
 * @throws RangeError for an impossible time.
 */
export function isoTime(epochMs: number): string {
  const ms = Math.trunc(epochMs);
  const second = Math.floor(ms / 1_000);
  const slot = second & (slots - 1);
  if (secondOf[slot] !== second || ms > latestMs) {
    textOf[slot] = new Date(ms).toISOString().slice(0, -"000Z".length);
    secondOf[slot] = second;
  }
  return `${textOf[slot]}${endings[ms - second * 1_000]}`;
}
