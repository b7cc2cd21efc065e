/** A line gives each person one place in all their tabs, numbered without gaps (L1). */
import type { LineReading } from "./evidence.ts";
import { type Breach, law } from "./law.ts";

export const placesThatAreNotOneEach = law({
  name: "places that are not one each",
  says: "places have numbers without gaps, each person has one that they did not leave, and was told no other's",
  about: "line",
  holds: "always",
  reads: ["lines"],
  breaches: ({ lines }) => lines.flatMap((line) => [...gaps(line), ...seconds(line), ...others(line)]),
});

function gaps({ dropId, places, lastSeq }: LineReading): Breach[] {
  const numbers = places.map(({ seq }) => seq).toSorted((a, b) => a - b);
  const isDense = numbers.length === lastSeq && numbers.every((seq, i) => seq === i + 1);
  return isDense ? [] : [{ count: 1, shows: `${dropId} gave ${lastSeq} places, and has ${numbers.join(", ")}` }];
}

function seconds({ dropId, places }: LineReading): Breach[] {
  const standing = Map.groupBy(
    places.filter(({ hasLeft }) => !hasLeft),
    ({ userId }) => userId,
  );
  return [...standing].flatMap(([userId, own]) =>
    own.length > 1
      ? [{ count: 1, shows: `${userId} has places ${own.map(({ seq }) => seq).join(", ")} of ${dropId}` }]
      : [],
  );
}

function others({ dropId, places, told }: LineReading): Breach[] {
  const owners = new Map(places.map(({ seq, userId }) => [seq, userId]));
  return told
    .filter((one) => one.dropId === dropId && owners.get(one.seq) !== one.userId)
    .map(({ userId, seq }) => ({
      count: 1,
      shows: `${userId} was told place ${seq} of ${dropId}, which is ${owners.get(seq) ?? "no one"}'s`,
    }));
}
