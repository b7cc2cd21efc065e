/** Tells names of time zones from other texts. */

/** Whether the name is one of the IANA database, as far as this Node has it. An offset is none: it follows no change of the clocks. */
export function isZone(zone: string): boolean {
  if (/^[+-]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
