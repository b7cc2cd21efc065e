/** Reads a number that a command line gives: what is none must not run as nothing, and pass. */

/** @throws for anything but a whole number of at least `least`; the message names the option. */
export function wholeNumber(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} ${text}: choose a whole number from ${least}`);
}
