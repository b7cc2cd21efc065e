/** A place that a person was told never gets worse; it does not change at all (L5). */
import { law } from "./law.ts";

export const placesThatChanged = law({
  name: "places that changed",
  says: "each answer names the same place once the order is known",
  about: "line",
  holds: "always",
  reads: ["lines"],
  breaches: ({ lines }) =>
    lines.flatMap(({ dropId, told }) => {
      const known = told.filter((one) => one.dropId === dropId && one.place !== null);
      return [...Map.groupBy(known, ({ seq }) => seq)].flatMap(([seq, answers]) => {
        const places = new Set(answers.map(({ place }) => place));
        return places.size > 1
          ? [{ count: 1, shows: `ticket ${seq} of ${dropId} was told places ${[...places].join(", ")}` }]
          : [];
      });
    }),
});
