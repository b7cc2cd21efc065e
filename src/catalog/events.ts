/**
 * The catalog's events on the topic `product.events`, keyed by product id: CloudEvents 1.0 in Kafka's binary mode. An
 * event has the product after the change, so a consumer needs no earlier one. An event may come twice, and one with a
 * smaller version than the known one is stale.
 */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { type NewRecord, refuseForeign, type StoredRecord } from "#engines/log";
import { cloudEvent } from "#engines/outbox";

export const productEventTypes = ["dropgate.product.created", "dropgate.product.changed"] as const;
export type ProductEventType = (typeof productEventTypes)[number];

import { storable } from "#platform/wire";

/** Further fields are allowed: a newer catalog may add some, and older consumers ignore them. */
export const ProductEventData = Type.Object(
  {
    productId: Type.String({ minLength: 1, maxLength: 128, pattern: storable }),
    name: Type.String(),
    unitPriceMinor: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000_000,
      description: "In the currency's minor unit",
    }),
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" }),
    limitPerCustomer: Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "Counts the changes of this product from 1; a restored catalogue goes on above those that it lost",
    }),
  },
  { $id: "ProductEventData", additionalProperties: true },
);
export type ProductEventData = Static<typeof ProductEventData>;

export type ProductEvent = {
  /** `lamp:3` for the third version of the lamp: the same in every copy of the event. */
  id: string;
  type: ProductEventType;
  /** When the product changed, in RFC 3339. */
  time: string;
  data: ProductEventData;
};

export function productRecord({ id, type, time, data }: ProductEvent): NewRecord {
  return cloudEvent({ key: data.productId, id, source: "/catalog", type, time, data });
}

const dataValidator = Compile(ProductEventData);

/** @throws Error with the reason: such a record can never be handled and belongs to the dead letters. */
export function decodeProductEvent(record: Pick<StoredRecord, "key" | "value" | "headers" | "foreign">): ProductEvent {
  refuseForeign(record);
  const { ce_specversion, ce_id, ce_type, ce_time } = record.headers;
  if (ce_specversion !== "1.0") throw poison(record, `ce_specversion is ${ce_specversion}, not 1.0`);
  if (!ce_id || !ce_time) throw poison(record, "ce_id or ce_time is missing");
  const type = productEventTypes.find((known) => known === ce_type);
  if (!type) throw poison(record, `ce_type ${ce_type} is not one of ${productEventTypes.join(", ")}`);
  const data = parse(record);
  if (!dataValidator.Check(data)) {
    const [fault] = dataValidator.Errors(data);
    throw poison(record, `${fault?.instancePath || "the value"} ${fault?.message}`);
  }
  // Only events of one key keep their order: under another key this change could overtake a later one.
  if (data.productId !== record.key) throw poison(record, `it tells of ${data.productId}`);
  return { id: ce_id, type, time: ce_time, data };
}

function parse(record: Pick<StoredRecord, "key" | "value">): unknown {
  try {
    return JSON.parse(record.value.toString());
  } catch (error) {
    throw poison(record, "the value is not JSON", error);
  }
}

function poison({ key }: Pick<StoredRecord, "key">, fault: string, cause?: unknown): Error {
  return new Error(`product event with key ${key} cannot be read: ${fault}`, { cause });
}
