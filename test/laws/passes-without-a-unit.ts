/** Whenever passes are given, the unspent ones of a product are no more than its free units (L3). */
import { law } from "./law.ts";

export const passesWithoutAUnit = law({
  name: "passes without a unit",
  says: "when a pass is given, a unit is free for it and for each other unspent pass of its product",
  about: "line",
  holds: "always",
  reads: ["lines"],
  breaches: ({ lines }) =>
    lines.flatMap(({ promises }) =>
      promises
        .filter(({ unspent, free }) => unspent > free)
        .map(({ productId, unspent, free, atMs }) => ({
          count: unspent - free,
          shows: `at ${atMs} ${unspent} unspent passes of ${productId} were out for ${free} free units`,
        })),
    ),
});
