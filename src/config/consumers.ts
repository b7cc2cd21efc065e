/** The topics of a shop, and who has to read them before their records are removed or left behind. */
import { program } from "#platform/program";
import type { Config } from "./config.ts";

/** `mend`: what is to be done once records are gone that the group has not read. */
export type Consumed = { topic: string; group: string; mend: string };

type Names = Pick<Config, Extract<keyof Config, `TOPIC_${string}` | `GROUP_${string}`>>;

/** Each has a topic of dead letters beside it. */
export function topicsOf(names: Names): string[] {
  return [
    names.TOPIC_PRODUCT_EVENTS,
    names.TOPIC_DROP_EVENTS,
    names.TOPIC_ORDERS_RESERVATIONS,
    names.TOPIC_ORDERS_EVENTS,
  ];
}

/** The topics that accepted orders and prices go through, each with the group that has to keep up. */
export function vitalConsumersOf(names: Names): Consumed[] {
  return [
    {
      topic: names.TOPIC_ORDERS_RESERVATIONS,
      group: names.GROUP_ORDER_PROCESSOR,
      mend: `run \`${program.name} reconcile --repair\`: the gate's records decide what the log has lost`,
    },
    {
      topic: names.TOPIC_PRODUCT_EVENTS,
      group: names.GROUP_PRODUCT_PRICES,
      mend: "start the service inventory: once the rest is read, the service product announces the prices again",
    },
  ];
}

/** Of these, and of what follows from them: webhooks and mails, parcels, and passes of lines. */
export function consumersOf(names: Names): Consumed[] {
  const { TOPIC_PRODUCT_EVENTS, TOPIC_DROP_EVENTS, TOPIC_ORDERS_EVENTS } = names;
  const webhooks = [TOPIC_ORDERS_EVENTS, TOPIC_PRODUCT_EVENTS, TOPIC_DROP_EVENTS].map((topic) => ({
    topic,
    group: names.GROUP_WEBHOOKS,
    mend: "start the service notification; webhooks and mails of the lost ones are not sent, so tell their receivers",
  }));
  const parcels = "start the service warehouse: it looks for paid orders of the last week that have no parcel";
  const passes = "start the service drop; a pass whose order is among the lost ones counts as unused until it lapses";
  return [
    ...vitalConsumersOf(names),
    ...webhooks,
    { topic: TOPIC_ORDERS_EVENTS, group: names.GROUP_PARCELS, mend: parcels },
    { topic: TOPIC_ORDERS_EVENTS, group: names.GROUP_PASSES, mend: passes },
  ];
}

/** Every group of the shop, those of dead letters included. */
export function allConsumersOf(names: Names): Consumed[] {
  const mend = `start the service desk; the lost letters cannot be replayed, so look at their orders: ${program.name} order ID`;
  const group = deadLettersGroup(names);
  return [...consumersOf(names), ...topicsOf(names).map((topic) => ({ topic: `${topic}.dlq`, group, mend }))];
}

/**
 * The consumer group that copies dead letters to the desk. Before there was a desk, operators committed as this group
 * what they had seen, so those letters are not copied.
 */
export function deadLettersGroup({ GROUP_ORDER_PROCESSOR }: Pick<Names, "GROUP_ORDER_PROCESSOR">): string {
  return `${GROUP_ORDER_PROCESSOR}.dead-letters-seen`;
}
