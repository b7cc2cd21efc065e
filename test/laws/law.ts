/** What a law is, and how evidence is held to the laws. */
import type { Evidence, Ref } from "./evidence.ts";

type Part = keyof Evidence;

export type Law<P extends Part = Part> = {
  /** What must be 0; its file is named so. */
  name: string;
  says: string;
  about: "units" | "money" | "orders";
  /** `at rest`: once the faults are over and the system had its time to end its work. */
  holds: "always" | "at rest";
  /** The only parts of the evidence that it sees. */
  reads: readonly P[];
  /** Each time that it is broken, in a sentence. */
  breaches(evidence: Pick<Evidence, P>): Breach[];
};

/** `count`: units, orders, payments or customers, as the law's name says. */
export type Breach = { count: number; shows: string };

export type Judgement = { law: AnyLaw; breaches: readonly Breach[] };

/** A law as the judge sees it: given all evidence, it reads its parts. */
export type AnyLaw = Omit<Law, "breaches"> & { breaches(evidence: Evidence): Breach[] };

export function law<P extends Part>(one: Law<P>): AnyLaw {
  return one;
}

/** Answers the laws that the evidence breaks. */
export type Judge = (evidence: Evidence) => Judgement[];

/**
 * A judge for evidence that is looked at again and again. A law whose parts are the same objects as at the last look is not
 * asked again: its answer is the same.
 */
export function createJudge(laws: readonly AnyLaw[]): Judge {
  const known = laws.map((one) => ({ law: one, seen: undefined as Evidence | undefined, breaches: [] as Breach[] }));
  return (evidence) => {
    const broken: Judgement[] = [];
    for (const one of known) {
      if (one.law.holds === "at rest" && !evidence.atRest) continue;
      const { seen } = one;
      if (!seen || one.law.reads.some((part) => seen[part] !== evidence[part])) {
        one.breaches = one.law.breaches(evidence);
        one.seen = evidence;
      }
      if (one.breaches.length > 0) broken.push({ law: one.law, breaches: one.breaches });
    }
    return broken;
  };
}

export function refOf({ productId, epoch, reservationNo }: Ref) {
  return `${productId}/${epoch}/${reservationNo}`;
}

export function sum<T>(of: Iterable<T>, value: (one: T) => number): number {
  let total = 0;
  for (const one of of) total += value(one);
  return total;
}
