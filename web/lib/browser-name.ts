/** The names that people know a browser and its system by, read from what the browser says of itself. */

/** In this order: most browsers claim to be others too. */
const browsers = [
  ["Edge", /\bEdgA?(?:iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Headless)?(?:Chrome|Chromium|CriOS)\//],
  ["Safari", /\bSafari\//],
] as const;

const systems = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
] as const;

export function browserOf(agent: string): { browser: string | undefined; system: string | undefined } {
  const nameIn = (names: readonly (readonly [string, RegExp])[]) => names.find(([, says]) => says.test(agent))?.[0];
  return { browser: nameIn(browsers), system: nameIn(systems) };
}
