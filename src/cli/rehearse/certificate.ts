/** The result of a rehearsal: each law with what broke it, and the figures. */
import { plural } from "#platform/plural";
import { acceptedId, type Evidence, type Wish } from "./evidence.ts";
import { laws } from "./laws.ts";

export type Verdict = { law: string; says: string; holds: boolean; breaches: string[] };

export type Certificate = {
  rehearsal: string;
  url: string;
  at: string;
  clean: boolean;
  faults: string[];
  laws: Verdict[];
  figures: Figures;
};

export type Figures = {
  buyers: number;
  requests: number;
  accepted: number;
  acceptP50Ms: number | null;
  acceptP99Ms: number | null;
  confirmed: number;
  unpaid: number;
  cancelled: number;
  /** Wishes that were refused for good, by their last answer. */
  refused: Record<string, number>;
  /** Requests for an order that got no answer; each was repeated. */
  unanswered: number;
  tookSeconds: number;
};

export type Run = Pick<Certificate, "rehearsal" | "url" | "at" | "faults"> & { tookMs: number };

export function certify(evidence: Evidence, { tookMs, ...run }: Run): Certificate {
  const verdicts = laws.map(({ name, says, breaches }): Verdict => {
    const broken = breaches(evidence);
    return { law: name, says, holds: broken.length === 0, breaches: broken };
  });
  const figures = figuresOf(evidence, tookMs);
  // A rehearsal in which nothing was sold shows nothing.
  const clean = figures.accepted > 0 && verdicts.every(({ holds }) => holds);
  return { ...run, clean, laws: verdicts, figures };
}

function figuresOf({ wishes, open }: Evidence, tookMs: number): Figures {
  const accepted = wishes.filter((wish) => acceptedId(wish) !== undefined);
  const tookToAccept = accepted.flatMap(latencyOf).toSorted((a, b) => a - b);
  const count = (status: string) => open.orders.filter((order) => order.status === status).length;
  const refused = wishes.filter((wish) => acceptedId(wish) === undefined);
  return {
    buyers: wishes.length,
    requests: wishes.reduce((total, { attempts }) => total + attempts.length, 0),
    accepted: accepted.length,
    acceptP50Ms: quantile(tookToAccept, 0.5),
    acceptP99Ms: quantile(tookToAccept, 0.99),
    confirmed: count("CONFIRMED"),
    unpaid: count("FAILED") + count("PAYMENT_PENDING"),
    cancelled: count("CANCELLED"),
    refused: Object.fromEntries(
      [...Map.groupBy(refused, ({ attempts }) => attempts.at(-1)?.code ?? "never asked")].map(([code, of]) => [
        code,
        of.length,
      ]),
    ),
    unanswered: wishes.flatMap(({ attempts }) => attempts).filter(({ code }) => code === "no_answer").length,
    tookSeconds: Math.round(tookMs / 100) / 10,
  };
}

/** Of the request that was answered 202. */
function latencyOf({ attempts }: Wish): number[] {
  const first = attempts.find(({ code }) => code === "accepted");
  return first ? [first.endedMs - first.beganMs] : [];
}

function quantile(sorted: readonly number[], q: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return value === undefined ? null : Math.round(value * 10) / 10;
}

const breachesShown = 5;

export function sayCertificate({ rehearsal, url, at, clean, faults, laws, figures }: Certificate): string[] {
  const { refused, acceptP50Ms, acceptP99Ms, ...counts } = figures;
  const verdicts = laws.flatMap(({ law, says, holds, breaches }) => {
    const shown = breaches.slice(0, breachesShown).map((breach) => `      ${breach}`);
    const more = breaches.length > breachesShown ? [`      and ${breaches.length - breachesShown} more`] : [];
    return [`  ${holds ? "✓" : "✗"} ${law}: ${says}`, ...shown, ...more];
  });
  const reasons = Object.entries(refused).map(([code, times]) => `${times} ${code}`);
  const broken = laws.filter(({ holds }) => !holds).length;
  return [
    `Certificate of ${rehearsal} at ${url}, ${at}`,
    "",
    ...verdicts,
    "",
    `  ${plural(counts.buyers, "buyer", "buyers")}, ${plural(counts.requests, "request", "requests")} for an order, ${counts.unanswered} of them without an answer`,
    `  ${counts.accepted} accepted, in ${acceptP50Ms ?? "–"} ms (p50) and ${acceptP99Ms ?? "–"} ms (p99)`,
    `  ${counts.confirmed} confirmed, ${counts.unpaid} not paid, ${counts.cancelled} cancelled by buyers`,
    `  refused: ${reasons.join(", ") || "none"}`,
    `  faults: ${faults.join(", ") || "none"}; ${counts.tookSeconds} s`,
    "",
    clean
      ? "✓ Clean: every law holds."
      : broken > 0
        ? `✗ Not clean: of ${laws.length} laws ${plural(broken, "is", "are")} broken.`
        : "✗ Not clean: no order was accepted, so nothing was shown.",
  ];
}
