/** The draw orders the roster as it was frozen, once, and no place that came later (L2). */
import { law } from "./law.ts";

export const placesRankedOutOfTheRoster = law({
  name: "places ranked out of the roster",
  says: "ranks are given by the draw alone, one to each place before the freeze and none to the later ones",
  about: "line",
  holds: "always",
  reads: ["lines"],
  breaches: ({ lines }) =>
    lines.flatMap(({ dropId, places, frozenSize, isDrawn }) => {
      const ranked = places.filter(({ rank }) => rank !== null);
      const size = isDrawn ? (frozenSize ?? 0) : 0;
      const late = ranked.filter(({ seq }) => seq > size);
      const ranks = new Set(ranked.map(({ rank }) => rank));
      const isWhole = ranked.length === size && ranks.size === size && [...ranks].every((rank) => (rank ?? 0) <= size);
      if (late.length === 0 && isWhole) return [];
      const shows = ranked.map(({ seq, rank }) => `${seq} has rank ${rank}`).join(", ");
      return [{ count: 1, shows: `${dropId} is ${isDrawn ? "" : "not "}drawn, of ${frozenSize} places: ${shows}` }];
    }),
});
