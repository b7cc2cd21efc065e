/** The type of a law, and how evidence is judged by the laws. */
import type { Evidence, Ref } from "./evidence.ts";

type Part = keyof Evidence;

export type Law<P extends Part = Part> = {
  /** The number that must be 0; its file has the same name. */
  name: string;
  says: string;
  about: "units" | "money" | "orders" | "drops" | "line";
  /** `at rest`: once the faults are over and the system had time to finish its work. */
  holds: "always" | "at rest";
  /** The only parts of the evidence that it reads. */
  reads: readonly P[];
  /** Each violation, in a sentence. */
  breaches(evidence: Pick<Evidence, P>): Breach[];
};

/** `count`: units, orders, payments or customers, as the law's name says. */
export type Breach = { count: number; shows: string };

export type Judgement = { law: AnyLaw; breaches: readonly Breach[] };

/** A law for the judge: given all evidence, it reads its parts. */
export type AnyLaw = Omit<Law, "breaches"> & { breaches(evidence: Evidence): Breach[] };

export function law<P extends Part>(one: Law<P>): AnyLaw {
  return one;
}

/** Returns the laws that the evidence breaks. */
export type Judge = (evidence: Evidence) => Judgement[];

/**
 * A judge for evidence that is checked repeatedly. A law whose parts are the same objects as last time is not evaluated
 * again, because its answer is the same.
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
