/**
 * Lists the bugs that systems of this kind have had, and the tests that hold them: the title of a test begins with the
 * cases that it holds, "H3: a batch that …". `npm run generate` writes docs/hazards.md from the titles. A case that no
 * test names is a fault, and so is a test that names an unknown case.
 */
import { readFile } from "node:fs/promises";
import { cellOf, type Titled, testTitles } from "./test-titles.ts";

type Hazard = { says: string };

export const hazards: Record<string, Record<string, Hazard>> = {
  Gate: {
    G1: { says: "a hundred buyers, one unit: exactly one order" },
    G3: { says: "a refused or repeated buyer changes no stock" },
    G4: { says: "a quantity of 0, below 0, of a half, far too large, or thousands of lines" },
    G6: { says: "nothing counts below 0; sold out ends with a restock or a cancellation, in every process" },
    G7: { says: "a restart overwrites no live stock" },
    G8: {
      says: 'a product missing at the gate is closed, "Price not available"; its stock is never shown as 0 or as an invented figure',
    },
    G9: { says: "the answer of the script is lost: the retry finds the existing hold" },
    G10: { says: "a millisecond before the opening, at it, at the closing" },
    G11: { says: "the price changes between page and order" },
  },
  Idempotency: {
    K1: { says: "one key and body fifty times at once: one order, one answer" },
    K2: { says: "one key, another body" },
    K3: { says: "the key survives a restart, and a gate that lost its memory" },
    K4: { says: "the key belongs to its buyer" },
    K5: { says: "the answer is lost after the order was accepted: the retry finds it" },
  },
  "Hand-off": {
    H1: { says: "kill -9 between gate and log, between log and answer, and at every step of the consumer" },
    H2: { says: "the consumer is quicker than the process that accepted the order" },
    H3: { says: "events that come twice or out of order" },
    H4: { says: "a publish that timed out and was stored all the same" },
    H5: { says: "a poisoned event, or one bad order, stops nothing else" },
    H6: { says: "an event delivered again during or after the saga starts no second one" },
    H7: { says: "the log is down: orders are refused, and no unit is lost or held" },
  },
  Holds: {
    R1: { says: "confirmation, expiry and cancellation at the same moment: one wins" },
    R2: { says: "released twice, compensated twice, released after the sale, confirmed after the release" },
    R3: { says: "deadlines that passed during an hour without workers are handled afterwards" },
    R4: { says: "a buyer's old hold does not block them for good, and one payment never pays two holds" },
    R5: { says: "an extension is bounded, and reading does not extend" },
    R6: { says: "the units of an abandoned hold return in time" },
    R7: { says: "a paid order never expires" },
  },
  "Saga and money": {
    S1: { says: "the books refuse a reservation of the gate: the unit returns and the buyer gets the reason" },
    S2: { says: "the outcome of a step is unknown: it is looked up, not skipped" },
    S3: { says: "an undo that fails is repeated and visible" },
    S4: { says: "no event reports a success that was undone" },
    S6: { says: "a webhook before its order, twice, three at once, after the cancellation, out of order" },
    S7: { says: "the buyer's return and the webhook together: one capture" },
    S8: { says: "a payment after the end of the hold: confirmed if there is a unit, otherwise refunded once" },
    S9: { says: "the refund of one of two payments keeps the order" },
    S10: { says: "a refund is never above the payment, and the unit returns once" },
    S11: { says: "JPY, KWD and rounding" },
    S12: { says: "no lock and no transaction is held during a call to the provider" },
    S14: { says: "the provider charged, and our own write failed: a sweep finds it" },
  },
  Books: {
    B1: { says: "reconcile under full load shows no drift" },
    B2: { says: "a planted drift is found, explained and repaired once, under load" },
    B3: { says: "Redis flushed, failed over to an old copy, or evicting: closed, and rebuilt exactly" },
    B4: { says: "stock is set below the units held" },
    B5: { says: "a restock that is sent twice during sales counts once" },
    B6: { says: "a product is renamed in the middle of an order" },
    B7: { says: "the units held are never below 0" },
  },
  Fairness: {
    F1: { says: "a person who leaves does not stall the line" },
    F2: { says: "one person in ten tabs has one place" },
    F3: { says: "a pass that is forged, shared, replayed, of another sale, or asked for too early" },
    F5: { says: "a claim that is given up goes to the next in line; none is offered that could not be used in time" },
    F6: { says: "a venue with one address can buy" },
    F7: { says: "the keyboard alone passes every gate" },
  },
  "Access and edge": {
    A1: { says: "orders, streams and their actions are the owner's; headers from outside lend no name and no role" },
    A2: { says: "a stream that reconnects after the end, or with an event id of no use" },
    A3: { says: "no stampede when a hot cache entry ends" },
    A4: { says: "a bad row of an import does not stop the rest" },
    A5: { says: "an outgoing webhook once an event, signed and repeated" },
    A6: { says: "the scan of a cancelled order is refused" },
  },
  Accounts: {
    N1: { says: "no answer tells whether an address has an account" },
    N2: { says: "a log-in has a new session, so that a planted one is worth nothing" },
    N3: { says: "an ended session, a disabled account and a changed role are refused within a second" },
    N4: { says: "a mailed code is guessed five times, for ten minutes, for one purpose" },
    N5: { says: "the last ADMIN cannot be removed" },
    N6: { says: "a page of another site acts for its visitor, or signs them in as another person" },
    N7: { says: "the first to sign up with a foreign address owns its account later" },
  },
  Webhooks: {
    W1: { says: "an event enters an endpoint's queue once" },
    W2: { says: "a retry has the same id and bytes, and a new time and signature" },
    W3: { says: "one slow endpoint delays no other" },
    W5: { says: "a mail of one key is queued once" },
    W4: { says: "a private address is refused, also when the name's owner changes its address" },
  },
  Operations: {
    O1: {
      says: "a short outage ends no accepted order: before payBy only its buyer, an operator or a decision about money does",
    },
    O2: {
      says: "a connection whose session is at fault leaves the pool: read-only, a changed role, another server behind the name",
    },
    O3: { says: "ready means that the next order is accepted, on a fresh folder too" },
    O4: {
      says: "one table lists the final states; no end is reported while a payment is undecided",
    },
    O5: { says: "refunds, voids, chargebacks and captures from outside reach a settled order" },
    O6: { says: "every repair of a drift leaves a log line and a count, and an alert survives a restart" },
    O7: { says: "addresses are parsed once: ports and spellings do not avoid a limit by address" },
    O8: { says: "the fingerprint of a request covers endpoint, actor, amount and reason" },
    O9: { says: "HEAD on a stream ends at once" },
    O10: { says: "a body that is not UTF-8, has another charset or coding, or is absent" },
    O11: { says: "a client's abort or an unknown method is not logged as our error" },
    O12: {
      says: "a user id of an outside issuer is any text of up to 255 characters; the leeway of a token is a setting",
    },
    O13: { says: "ETags that a compressing proxy has changed; personal answers are never cached" },
    O14: {
      says: "a shell's PG variables and the spellings of .env change nothing silently; an absurd setting is refused",
    },
    O15: {
      says: "a schema newer than the program is refused; another isolation level, style of dates or language of messages changes nothing",
    },
    O16: { says: "clients generated from the OpenAPI document place and pay an order" },
    O17: { says: "the gateway's prefixes end at a boundary, and management has a port of its own" },
    O18: { says: "a supervisor that stops npm stops the system; the output of the development servers can be pasted" },
    O19: { says: "an order paid while the workflow engine was lost is confirmed soon, not at its payBy" },
    O20: { says: "the documents are true" },
    O21: { says: "a log that lost records before settlement saw them" },
    O22: { says: "offsets that no record will ever fill" },
    O23: { says: "a topic that was deleted and made again" },
    O24: { says: "two shops on one Kafka or one Redis" },
    O25: { says: "a record that no date, number or dead letter can hold" },
    O26: { says: "keys of the gate that go missing one by one; an eviction policy changed at run time" },
    O27: { says: "readiness tries what an order does; equal warnings are counted and logged rarely" },
    O28: { says: "a clock that is set back" },
    O29: { says: "orders for products that do not exist do not affect other buyers" },
    O30: {
      says: "background work depends on changes, not on the number of products; a rebuild closes few products at a time",
    },
    O31: { says: "an operator ends a workflow: a paid order is confirmed soon" },
    O32: { says: "tables locked by an operator: no order ends, and health names the lock and its holder" },
    O33: { says: "a change that the gate missed during minutes of outage reaches it afterwards" },
    O34: { says: "one process with other engines than its shop's is refused at the start" },
    O35: { says: "buyers of a hanging process wait only seconds, and it accepts no order from stale state" },
    O36: { says: "a dead-letter topic that was deleted" },
  },
};

type Held = Titled & { code: string };

const named = /^((?:[A-Z]\d+(?:, )?)+): (.*)$/s;

const protocolPage = "docs/guide/protocol.md";

/** @throws if a test names an unknown case, no test names a case, or a code's letter is an invariant's. */
export async function renderHazardsPage(): Promise<string> {
  const held = await findHeld();
  const known = new Map(Object.values(hazards).flatMap((cases) => Object.entries(cases)));
  const taken = invariantLetters(await readFile(protocolPage, "utf8"));
  const faults = [
    ...[...known.keys()]
      .filter((code) => taken.has(code.charAt(0)))
      .map((code) => `${code}: invariants of ${protocolPage} have this letter, so a case needs another one`),
    ...held.filter(({ code }) => !known.has(code)).map(({ code, path }) => `${path} names ${code}, which is no case`),
    ...[...known.keys()]
      .filter((code) => held.every((one) => one.code !== code))
      .map((code) => `${code} is named by no test: the title of one that holds it has to begin with it`),
  ];
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `# Hazards

Bugs that systems of this kind have had, and the tests that hold them. Written by \`npm run generate\` from the titles of
the tests. *embedded* runs in \`npm test\`, *process* in \`npm run test:process\`, *real* in \`npm run test:real\`, *chaos* in
\`npm run chaos\`, *browser* in \`npm run test:e2e\`.
${Object.entries(hazards)
  .map(([title, cases]) => section(title, cases, held))
  .join("")}`;
}

/** Cases and invariants are told apart by their letter alone. */
function invariantLetters(page: string): ReadonlySet<string> {
  const letters = [...page.matchAll(/^\| ([A-Z])\d+ \|/gm)].map(([, letter = ""]) => letter);
  if (letters.length === 0) throw new Error(`${protocolPage} has no table of invariants, whose rows begin "| I1 |"`);
  return new Set(letters);
}

function section(title: string, cases: Record<string, Hazard>, held: readonly Held[]): string {
  const rows = Object.entries(cases).flatMap(([code, { says }]) => {
    const tests = held.filter((one) => one.code === code);
    return tests.map(({ title, path, engines }, i) => {
      const where = `[${cellOf(title)}](../${path})`;
      return `| ${i === 0 ? `${code} | ${says}` : " | "} | ${where} | ${engines} |`;
    });
  });
  return `\n## ${title}\n\n| | case | held by | engines |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

async function findHeld(): Promise<Held[]> {
  return (await testTitles()).flatMap((test) => {
    const [, codes = "", title = ""] = named.exec(test.title) ?? [];
    return codes === "" ? [] : codes.split(", ").map((code) => ({ ...test, code, title }));
  });
}
