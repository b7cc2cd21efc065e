/** Reads the published texts and what a person kept into evidence. A text of another form is refused, and named. */
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";
import { type Evidence, type FairRecord, type Kept, type Published, readLines, readReceiptText } from "#fairness";
import { messageOf } from "#platform/thrown";
import { FairRecordView, KeptView, ShopKeyView } from "#wire/fairness";
import { Refused } from "../ask.ts";
import { shown } from "../shown.ts";

/**
 * @param kept The text of what a waiting page keeps: a receipt, a receipt with what the page saw, or a list of these. An
 *   answer of `POST /drops/{dropId}/room` is taken too.
 */
export function readEvidence(published: Published, kept: string | undefined): Evidence {
  const shopKey = published["dropgate.json"];
  return {
    record: readJson<FairRecord>("fair.json", published["fair.json"] ?? "", FairRecordView),
    shopKey:
      shopKey === undefined
        ? undefined
        : readJson<{ publicKey: string }>("dropgate.json", shopKey, ShopKeyView).publicKey,
    ...readLinesOf(published),
    kept: kept === undefined ? [] : readKept(kept),
  };
}

function readKept(text: string): Kept[] {
  const value = parsed("the receipt", text);
  return [value].flat().map((one) => {
    const whole = isObject(one) && "receipt" in one ? one : { receipt: one };
    return checked<Kept>("the receipt", isAnswer(whole) ? keptOf(whole) : whole, KeptView);
  });
}

type PlaceAnswer = { place?: number | null; receipt: { text: string; signature: string } };

function isAnswer(one: object): one is PlaceAnswer {
  return "receipt" in one && isObject(one.receipt) && "text" in one.receipt && typeof one.receipt.text === "string";
}

function keptOf({ place, receipt: { text, signature } }: PlaceAnswer) {
  return { receipt: { ...readReceiptText(text), signature }, ...(typeof place === "number" && { place }) };
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

function readLinesOf(published: Published) {
  try {
    return readLines(published);
  } catch (error) {
    throw new Refused(shown(messageOf(error)));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
