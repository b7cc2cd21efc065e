/** Wall clocks and the moments they name: a time of day may exist twice in a zone on one day, or not at all. Pure. */

const wallTime = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/;
const dayMs = 24 * 60 * 60 * 1000;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The moments, in milliseconds since 1970, at which clocks in the zone show `2026-10-25T02:30` (or with seconds): none if
 * they skip it, two if they show it twice. undefined if the text is no such time.
 */
export function instantsOf(wall: string, zone: string): number[] | undefined {
  const [, ...parts] = wallTime.exec(wall) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0)) as [
    ...[number, number, number, number, number, number],
  ];
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  // The 31st of April or the 24th hour would be another time.
  if (!new Date(asUtc).toISOString().startsWith(wall.slice(0, 16)) || second > 59) return undefined;
  // Wherever the moment is, it is within a day of that; so are the offsets before and after a change of the clocks.
  const offsets = new Set([asUtc - dayMs, asUtc + dayMs].map((at) => offsetAt(at, zone)));
  const found = Array.from(offsets, (offset) => asUtc - offset).filter((at) => at + offsetAt(at, zone) === asUtc);
  return found.toSorted((a, b) => a - b);
}

/** How far the zone's clocks are ahead of UTC at a moment, milliseconds. */
export function offsetAt(ms: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const shown = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return shown - Math.floor(ms / 1000) * 1000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}
