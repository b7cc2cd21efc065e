/** Names the services, in the order of starting. Apart from services.ts, so that the command line need not load them. */

export const serviceNames: readonly string[] = [
  "product",
  "settlement",
  "inventory",
  "drop",
  "order",
  "warehouse",
  "payment",
  "notification",
  "fulfilment",
  "desk",
  "identity",
];
