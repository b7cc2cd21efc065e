/** With people who stay away, free units are offered down the whole line (L7). */
import { law } from "./law.ts";

export const freeUnitsOfferedToNoOne = law({
  name: "free units offered to no one",
  says: "no unit is spare while a person in the line was never called or offered one",
  about: "line",
  holds: "at rest",
  reads: ["lines"],
  breaches: ({ lines }) =>
    lines.flatMap(({ dropId, places, spare, isDrawn }) => {
      const waiting = places.filter(({ hasLeft, wasOffered }) => !hasLeft && !wasOffered);
      if (spare === 0 || waiting.length === 0 || !isDrawn) return [];
      const shows = `${spare} units of ${dropId} are free, and ${waiting.length} people wait who were not called`;
      return [{ count: Math.min(spare, waiting.length), shows }];
    }),
});
