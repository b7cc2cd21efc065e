/** A drop as a calendar entry, RFC 5545. Pure. */

export type CalendarDrop = {
  dropId: string;
  name: string;
  story: string | null;
  opensAt: Date;
  closesAt: Date;
  version: number;
};

/** `host`: of the shop. A calendar holds the drops of several shops, each of which may have one of the same id. */
export function calendarOf(drops: readonly CalendarDrop[], host: string, now: Date): string {
  const lines = [
    ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dropgate//Drops//EN"],
    ...drops.flatMap((drop) => [
      "BEGIN:VEVENT",
      `UID:${escaped(`${drop.dropId}@${host}`)}`,
      // A calendar that has the entry replaces it by one with a larger sequence.
      `SEQUENCE:${drop.version}`,
      `DTSTAMP:${stamp(now)}`,
      `DTSTART:${stamp(drop.opensAt)}`,
      // A drop that was ended before it opened takes no time: an entry must not end before it begins.
      ...(drop.closesAt > drop.opensAt ? [`DTEND:${stamp(drop.closesAt)}`] : ["STATUS:CANCELLED"]),
      `SUMMARY:${escaped(drop.name)}`,
      ...(drop.story ? [`DESCRIPTION:${escaped(drop.story)}`] : []),
      "END:VEVENT",
    ]),
    "END:VCALENDAR",
  ];
  return lines.map(folded).join("\r\n").concat("\r\n");
}

function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, "\\$&").replaceAll(/\r\n|\r|\n/g, "\\n");
}

/** A line has at most 75 bytes; the next ones begin with a blank. A character is not cut in two. */
function folded(line: string): string {
  let [all, bytes] = ["", 0];
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (bytes + size > 75) {
      all += "\r\n ";
      bytes = 1;
    }
    all += character;
    bytes += size;
  }
  return all;
}
