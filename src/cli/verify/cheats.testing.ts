/** Lines of a shop that cheats in one thing each. */
import type { Evidence } from "#fairness";
import { honestLine, ticketOf } from "../../fairness/line.testing.ts";

export const line = honestLine();
export const forgedRoster = honestLine({ tickets: line.roster.with(3, ticketOf(99)) });
const without5 = honestLine({ before: 11, tickets: line.roster.toSpliced(4, 1) });
const { draw: emptyDraw } = honestLine({ before: 0, after: 12 }).record;
const early = { place: 10, atMs: line.served[0]?.atMs ?? 0, outcome: "sold" };
const forgedHead = forgedRoster.heads[1] as Evidence["heads"][0];

/** How a shop could cheat, the sentence that tells of it, and whether the verifier in Python can see it too. */
export const cheats: Record<string, { evidence: Evidence; says: RegExp; inPython: boolean }> = {
  "the roster is changed after its root": {
    evidence: { ...line, roster: line.roster.with(3, ticketOf(99)) },
    says: /✗ roster +The roster has changed after its root was published/,
    inPython: true,
  },
  "the root is another one than the waiting pages saw": {
    evidence: { ...forgedRoster, kept: line.kept.slice(0, 1) },
    says: /✗ witness +This page saw another root over 12 places/,
    inPython: true,
  },
  "another round is drawn with than the one that was promised": {
    evidence: honestLine({ drawWith: 657_413 }),
    says: /✗ round +Round 1000 had to decide, and the order was drawn with round 657413/,
    inPython: true,
  },
  "a person with a receipt is dropped": {
    evidence: { ...without5, kept: line.kept.slice(4, 5) },
    says: /✗ receipt +The shop promised number 5 .* this person was dropped/,
    inPython: true,
  },
  "the draw is skipped, as if no one had joined before the freeze": {
    evidence: { ...line, record: { ...line.record, root: null, draw: emptyDraw } },
    says: /✗ empty +Number 1 joined at .*: the draw was skipped/,
    inPython: true,
  },
  "a person who joined before the freeze is left out of the draw": {
    evidence: honestLine({ before: 11, joined: 12 }),
    says: /✗ place +The person joined at .*, before the freeze .* left out of the draw/,
    inPython: true,
  },
  "a place is served before it is called": {
    evidence: { ...line, served: [...line.served, early] },
    says: /✗ calls +Place 10 got a pass .* served out of order/,
    inPython: false,
  },
  "people are shown different rosters": {
    evidence: { ...line, heads: [...line.heads, forgedHead] },
    says: /✗ heads +The shop signed two roots over 13 places/,
    inPython: true,
  },
};
