/** A place that was called stays called (L4). */
import { law } from "./law.ts";

export const callsTakenBack = law({
  name: "calls taken back",
  says: "the number up to which places are called never falls",
  about: "line",
  holds: "always",
  reads: ["lines"],
  breaches: ({ lines }) =>
    lines.flatMap(({ dropId, called }) =>
      called.flatMap((one, i) => {
        const before = called[i - 1] ?? 0;
        return one < before
          ? [{ count: before - one, shows: `${dropId} called ${before} places, and then ${one}` }]
          : [];
      }),
    ),
});
