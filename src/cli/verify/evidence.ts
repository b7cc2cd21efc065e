/** Reads the published texts and what a person kept into evidence. A text of another form is refused, and named. */
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";
import type { Evidence, FairRecord, Kept } from "#fairness";
import { FairRecordView, KeptView, ShopKeyView } from "#wire/fairness";
import { Refused } from "../ask.ts";
import type { Published } from "./published.ts";

/** @param kept The text of what a waiting page keeps: a receipt, a receipt with what the page saw, or a list of these. */
export function readEvidence(published: Published, kept: string | undefined): Evidence {
  const shopKey = published["dropgate.json"];
  return {
    record: readJson<FairRecord>("fair.json", published["fair.json"] ?? "", FairRecordView),
    shopKey:
      shopKey === undefined
        ? undefined
        : readJson<{ publicKey: string }>("dropgate.json", shopKey, ShopKeyView).publicKey,
    roster: linesOf("roster.txt", published["roster.txt"], /^[0-9a-f]{32}$/),
    heads: linesOf("heads.txt", published["heads.txt"], /^\d+ [0-9a-f]{64} \d+ [\w-]+$/).map((line) => {
      const [size, root = "", atMs, signature = ""] = line.split(" ");
      return { size: Number(size), root, atMs: Number(atMs), signature };
    }),
    calls: linesOf("calls.txt", published["calls.txt"], /^\d+ \d+$/).map((line) => {
      const [atMs, called] = line.split(" ").map(Number);
      return { atMs: atMs ?? 0, called: called ?? 0 };
    }),
    served: linesOf("served.txt", published["served.txt"], /^\d+ \d+ [a-z]+$/).map((line) => {
      const [place, atMs, outcome = ""] = line.split(" ");
      return { place: Number(place), atMs: Number(atMs), outcome };
    }),
    kept: kept === undefined ? [] : readKept(kept),
  };
}

function readKept(text: string): Kept[] {
  const value = parsed("the receipt", text);
  return [value].flat().map((one) => {
    const whole = isObject(one) && "receipt" in one ? one : { receipt: one };
    return checked<Kept>("the receipt", whole, KeptView);
  });
}

function readJson<Value>(name: string, text: string, schema: TSchema): Value {
  return checked<Value>(name, parsed(name, text), schema);
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refused(`${name} is no JSON`, { cause });
  }
}

function checked<Value>(name: string, value: unknown, schema: TSchema): Value {
  const [error] = Errors(schema, value);
  if (error)
    throw new Refused(`${name} is not as docs/guide/fair.md says: ${error.instancePath || "it"} ${error.message}`);
  return value as Value;
}

function linesOf(name: string, text: string | undefined, form: RegExp): string[] {
  const lines = (text ?? "").split("\n").filter((line) => line !== "");
  const wrong = lines.findIndex((line) => !form.test(line));
  if (wrong >= 0)
    throw new Refused(`line ${wrong + 1} of ${name} is not as docs/guide/fair.md says: ${lines[wrong]?.slice(0, 80)}`);
  return lines;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
