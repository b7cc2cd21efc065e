/**
 * Lists the findings that a comparison of gate and books can have about a product. Each is a word with figures; the
 * table below gives its status, its remedy and its sentence. Pure.
 */
import type { FindingKind, GateMode, ReconcileStatus, Remedy } from "../wire.ts";

type Sums = { sellable: number; inFlight: number; expected: number; applied: number };

type Figures = {
  // The books contradict themselves.
  committed_beyond_stock: { committed: number; totalIn: number };
  entries_differ: { totalIn: number; entered: number };
  claims_differ: { committed: number; claimed: number; released: number };
  sales_differ: { sold: number; counted: number };
  // The gate is missing, or not usable. Repairs use the same words as reasons (repairs.ts).
  gate_off: { mode: GateMode };
  not_loaded: object;
  incomplete: object;
  closed: object;
  other_epoch: { gateEpoch: number; booksEpoch: number };
  ahead: { applied: number; lastChange: number };
  sale_ahead: { gateVersion: number; booksVersion: number };
  // Gate and books can be compared, and differ.
  drift: Sums & { drift: number };
  no_records: { inFlight: number };
  undecided: Sums & { seconds: number };
  from_the_future: Sums & { seconds: number };
  late_change: Sums & { behind: number; seconds: number };
  sale_untold: Sums & { gateVersion: number; booksVersion: number };
  // They agree up to the gate's last row.
  behind: Sums & { behind: number };
  agree: Sums;
};

export type Finding = { [Kind in FindingKind]: { kind: Kind } & Figures[Kind] }[FindingKind];

/** The guide's threshold, units. */
const criticalDrift = 10;

type Meaning<Kind extends FindingKind> = {
  status: ReconcileStatus;
  remedy: Remedy;
  sentence(figures: Figures[Kind]): string;
};

const meanings: { [Kind in FindingKind]: Meaning<Kind> } = {
  committed_beyond_stock: {
    status: "CRITICAL",
    remedy: "by_hand",
    sentence: ({ committed, totalIn }) => `${unitsAre(committed)} committed of ${totalIn}`,
  },
  entries_differ: {
    status: "CRITICAL",
    remedy: "by_hand",
    sentence: ({ totalIn, entered }) =>
      `${totalIn} ${totalIn === 1 ? "unit" : "units"} came in, the entries add up to ${entered}`,
  },
  claims_differ: {
    status: "CRITICAL",
    remedy: "by_hand",
    sentence: ({ committed, claimed, released }) =>
      `${unitsAre(committed)} committed, the ledger adds up to ${claimed} claimed - ${released} released`,
  },
  sales_differ: {
    status: "CRITICAL",
    remedy: "by_hand",
    sentence: ({ sold, counted }) => `${unitsAre(sold)} sold, the outcomes add up to ${counted}`,
  },
  gate_off: {
    status: "OK",
    remedy: "none",
    sentence: ({ mode }) => `the gate is switched to ${mode}; the books agree`,
  },
  not_loaded: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: () => "the gate does not have this product, or does not answer: it sells nothing",
  },
  incomplete: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: () => "a part of what the gate keeps of this product is gone: it is closed until it is rebuilt",
  },
  closed: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: () => "the gate is closed for this product until it is rebuilt",
  },
  other_epoch: {
    status: "CRITICAL",
    remedy: "sync_redis",
    sentence: ({ gateEpoch, booksEpoch }) => `the gate sells in epoch ${gateEpoch}, the books are at ${booksEpoch}`,
  },
  ahead: {
    status: "CRITICAL",
    remedy: "sync_redis",
    sentence: ({ applied, lastChange }) => `the gate knows change ${applied}, the books end at ${lastChange}`,
  },
  sale_ahead: {
    status: "CRITICAL",
    remedy: "sync_redis",
    sentence: ({ gateVersion, booksVersion }) =>
      `the gate sells by version ${gateVersion} of the terms of the sale, the books are at ${booksVersion}`,
  },
  drift: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: (sums) => `the gate has ${counted(sums)}, the books have ${expectation(sums)}`,
  },
  no_records: {
    status: "CRITICAL",
    remedy: "sync_redis",
    sentence: ({ inFlight }) => `${unitsAre(inFlight)} in flight in no record: run sync-redis`,
  },
  undecided: {
    status: "WARNING",
    remedy: "sweeper",
    sentence: (sums) => `a reservation is undecided since ${sums.seconds} s; ${equation(sums)}`,
  },
  from_the_future: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: (sums) =>
      `a reservation is undecided and was taken ${sums.seconds} s in the future: a clock was set back; ${equation(sums)}`,
  },
  late_change: {
    status: "WARNING",
    remedy: "sync_redis",
    sentence: (sums) =>
      `${laterChanges(sums)}; change ${sums.applied + 1} is on its way since ${sums.seconds} s: run sync-redis`,
  },
  sale_untold: {
    status: "WARNING",
    remedy: "repair",
    sentence: (sums) =>
      `${equation(sums)}; the gate sells by version ${sums.gateVersion} of the terms of the sale until it is told version ${sums.booksVersion}`,
  },
  behind: {
    status: "OK",
    remedy: "relay",
    sentence: (sums) => laterChanges(sums),
  },
  agree: {
    status: "OK",
    remedy: "none",
    sentence: (sums) => equation(sums),
  },
};

export function statusOf(finding: Finding): ReconcileStatus {
  if (finding.kind === "drift" && Math.abs(finding.drift) >= criticalDrift) return "CRITICAL";
  return meanings[finding.kind].status;
}

export function remedyOf({ kind }: Finding): Remedy {
  return meanings[kind].remedy;
}

/** `cause`: the explanation of a drift, if it was analysed. */
export function sentenceOf(finding: Finding, cause?: string): string {
  // The compiler does not know that the figures belong to the kind.
  const { sentence } = meanings[finding.kind] as Meaning<FindingKind>;
  const says = sentence(finding as never);
  return cause === undefined ? says : `${says}; ${cause}: run sync-redis`;
}

function counted({ sellable, inFlight }: Sums): string {
  return `${sellable} to sell + ${inFlight} in flight`;
}

function expectation({ expected, applied }: Sums): string {
  return `${expected} after change ${applied}`;
}

function equation(sums: Sums): string {
  return `${counted(sums)} = ${expectation(sums)}`;
}

function laterChanges(sums: Sums & { behind: number }): string {
  const later = sums.behind === 1 ? "1 later change is on its way" : `${sums.behind} later changes are on their way`;
  return `${equation(sums)}; ${later}`;
}

function unitsAre(units: number): string {
  return units === 1 ? "1 unit is" : `${units} units are`;
}
