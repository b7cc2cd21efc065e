/**
 * Checks the part of STYLE.md's "One dialect" that Biome has no rule for: of two ways to say one thing, the code has
 * one.
 */

type Choice = { say: string; notThis: RegExp };

const choices: readonly Choice[] = [
  {
    say: 'import { setTimeout as sleep } from "node:timers/promises"',
    notThis:
      /setTimeout(?: as (?!sleep\b)\w+)? \} from "node:timers\/promises"|new Promise(?:<\w+>)?\(\((\w+)\) => setTimeout\(\1,.*|\b(?:function (?:pause|delay|wait)\(|const (?:pause|delay|wait) = (?:async )?\().*/g,
  },
  { say: "properties, without a literal spread among them", notThis: /\.\.\.\{[ \n]/g },
  { say: "a constant in camelCase", notThis: /^(?:export )?const [A-Z][A-Z0-9_]*[A-Z0-9]\b/gm },
  {
    say: "a time with its unit: windowMs",
    notThis:
      /\b(?:const|let) \w*(?:timeout|patience|window|interval|pause|every|within|ttl|grace|delay|period|hour|minute|day)(?:: number)? = [\d_]+/gi,
  },
  {
    say: "function name() {} at the top level of a file",
    notThis: /^(?:export )?const \w+ = (?:async )?(?:<[^>]+>)?(?:\w+|\((?:[^()]|\([^()]*\))*\)(?:: [^=;]+)?) =>/gm,
  },
  { say: "assert.ok", notThis: /(?<![.\w])assert\(/g },
  { say: "catch (error), or (cause) for a new error", notThis: /\bcatch \((?!error\)|cause\))\w+/g },
  {
    say: "messageOf from #platform/thrown",
    notThis: /\b(\w+) instanceof Error \? \1\.message : (?:String\(\1\)|\1\b)/g,
  },
  { say: "line, lines, visibleLine or unprintable of #platform/wire", notThis: /\\{2}p\{Cc\}.*/g },
  {
    say: "a column compared with statement_timestamp(): an index does not serve the other",
    notThis: /[<>]=? clock_timestamp\(\)/g,
  },
  { say: "toSorted, toReversed", notThis: /\.(?:sort|reverse)\(/g },
];

/** Each place that uses the other way, and the way that the code uses. */
export function dialectFaults({ text }: { text: string }): string[] {
  return choices.flatMap(({ say, notThis }) =>
    [...new Set(text.match(notThis))].map((found) => `${found.trim().slice(0, 90)} → ${say}`),
  );
}
