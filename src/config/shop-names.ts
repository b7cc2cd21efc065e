/** Derives the names that differ between shops on one server. */
import type { GivenSettings, Origins } from "./settings.ts";

const sharedNames = [
  "TOPIC_PRODUCT_EVENTS",
  "TOPIC_DROP_EVENTS",
  "TOPIC_ORDERS_RESERVATIONS",
  "TOPIC_ORDERS_EVENTS",
  "GROUP_ORDER_PROCESSOR",
  "GROUP_PRODUCT_PRICES",
  "GROUP_WEBHOOKS",
  "GROUP_PARCELS",
  "GROUP_PASSES",
  "TEMPORAL_TASK_QUEUE_FULFILMENT",
] as const;

/** A name begins with the shop's name, unless the name is set by hand. */
export function namesOf(values: GivenSettings, origins: Origins): Partial<GivenSettings> {
  const { SHOP } = values;
  if (SHOP === undefined) return {};
  const unset = sharedNames.filter((name) => origins[name] === "default");
  return Object.fromEntries(unset.map((name) => [name, `${SHOP}.${values[name]}`]));
}
