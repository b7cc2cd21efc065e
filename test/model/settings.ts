/** The worlds to search, and the protections that are removed one at a time to prove that each is necessary. */

import { openSale } from "./terms.ts";

/** The fault of each mutant: a protection of docs/guide/protocol.md that is left out. */
export const mutants = {
  "202-before-mark": "202 is answered once the log has acknowledged, and the record is not marked",
  "void-unclaimed": "a void is written without making the mark impossible first",
  "abort-after-hand-over": "an append that was not acknowledged in time is aborted, as if it had never left",
  "no-tombstone": "a void gives the units back and leaves no row behind",
  "no-duplicate-check": "the books do not check whether the order exists already",
  "no-seq-check": "the gate applies any row",
  "no-epoch": "a rebuild loads the gate and the epoch stays the same",
  "epoch-uncompared": "a rebuild ends any epoch that it finds, its own or another rebuild's",
  "no-fence": "the books accept reservations of any epoch",
  "no-drain": "a rebuild does not wait for the acknowledged records of the log",
  "no-claim-at-close": "a rebuild leaves pending records to be marked",
  "no-redrive-at-rebuild": "a rebuild forgets published records whose event the log lost",
  "no-redrive": "the sweeper leaves published records to the log, whatever the log lost",
  "eval-fallback": "a gate that came back with old data is trusted",
  "unstamped-keys": "a gate that lost one key of a product goes on with the others",
  "adopt-voiding": "a retry takes over a record that is about to be voided",
  "opens-anothers-closing": "a rebuild opens a gate that another one has closed since",
  "confirm-uncompared": "an order that has ended is still confirmed",
  "release-twice": "the outcome of a claim is counted at every request",
  "pause-in-books": "a pause is answered once the books have it, whatever the gate has",
  "install-forgets-pause": "the image that opens a product replaces terms that were told after the closing",
  "retire-in-books": "an exchange is answered once the books have the key, whatever the gate has",
  "retire-at-gate-only": "a key is retired at the gate, and the books do not have it",
  "retire-unheard": "an exchange goes on although the gate says that the pass is spent",
  "image-without-retired": "a rebuild loads the gate without the retired keys of the books",
  "no-latch-in-step": "the step that takes the last unit does not latch the product",
  "install-forgets-latch": "the image that opens a product replaces the latch of the gate",
  "withdraw-from-books": "stock is taken out in the books while buyers hold promises at the gate",
} as const;
export type Mutant = keyof typeof mutants;

export type Buyer = { orderId: string; userId: string; quantity?: number; keyed?: boolean; pass?: string };

export type Setting = {
  name: string;
  units: number;
  /** Requests; two of one order are a request and its retry under the same key. */
  attempts: readonly Buyer[];
  limit?: number;
  /** Units that an operator takes out while the sale runs. */
  withdraws?: number;
  /** The product is in a drop, and an operator pauses it. */
  pauses?: true;
  /** The order whose pass is exchanged while it may be used. */
  exchanges?: string;
  /** The product is in a drop whose returned units are for orders with a pass. */
  latches?: true;
  /** Stream rows reach the gate early, late and twice too. */
  anyRow?: boolean;
  /** If it does not matter to the setting, a claimed order has no further events: it stays reserved. */
  endings?: false;
  /** How often each fault may happen, at any moment. */
  faults: {
    deaths?: number;
    gateLosses?: number;
    /** One key of the product is lost, and the others stay. */
    keyLosses?: number;
    logLosses?: number;
    redeliveries?: number;
    restocks?: number;
    /** A day without requests: the gate forgets what it kept of keyed requests. */
    days?: number;
    /** Unneeded rebuilds: an admin's, or a second one beside the first. */
    rebuilds?: number;
  };
  mutant?: Mutant;
};

const ada: Buyer = { orderId: "a", userId: "ada" };
const bob: Buyer = { orderId: "b", userId: "bob" };
const keyed: Buyer = { ...ada, keyed: true };
const withPass: Buyer = { ...keyed, pass: openSale.dropId };

export const settings: readonly Setting[] = [
  {
    name: "one order, one death",
    units: 1,
    attempts: [ada],
    anyRow: true,
    faults: { deaths: 1, redeliveries: 1, restocks: 1 },
  },
  {
    name: "a retry, one death, the log loses an event",
    units: 1,
    attempts: [keyed, keyed],
    endings: false,
    faults: { deaths: 1, logLosses: 1 },
  },
  {
    name: "one order, the gate loses its memory twice",
    units: 1,
    attempts: [ada],
    faults: { gateLosses: 2, deaths: 1 },
  },
  {
    name: "one order, two rebuilds beside each other",
    units: 1,
    attempts: [ada],
    endings: false,
    faults: { rebuilds: 2 },
  },
  {
    name: "one order, an admin's rebuild, the log loses an event",
    units: 1,
    attempts: [ada],
    faults: { rebuilds: 1, logLosses: 1, deaths: 1 },
  },
  {
    name: "a rebuild while the gate loses its memory",
    units: 1,
    attempts: [ada],
    endings: false,
    faults: { rebuilds: 1, gateLosses: 1 },
  },
  {
    name: "O26: one order, the gate loses one of the product's keys",
    units: 1,
    attempts: [ada],
    faults: { keyLosses: 1 },
  },
  { name: "two orders, one unit, a death", units: 1, attempts: [ada, bob], endings: false, faults: { deaths: 1 } },
  {
    name: "one order, a withdrawal, one death",
    units: 1,
    attempts: [ada],
    withdraws: 1,
    faults: { deaths: 1, redeliveries: 1 },
  },
  {
    name: "one order, a pause, a rebuild, a death",
    units: 1,
    attempts: [ada],
    pauses: true,
    endings: false,
    faults: { rebuilds: 1, deaths: 1 },
  },
  {
    name: "one order, a pause, the gate loses its memory",
    units: 1,
    attempts: [ada],
    pauses: true,
    endings: false,
    faults: { gateLosses: 1 },
  },
  {
    name: "exchange ∥ use of a pass, one death",
    units: 1,
    attempts: [withPass],
    exchanges: "a",
    endings: false,
    faults: { deaths: 1 },
  },
  {
    name: "exchange ∥ use of a pass, a rebuild",
    units: 1,
    attempts: [withPass],
    exchanges: "a",
    endings: false,
    faults: { rebuilds: 1 },
  },
  {
    name: "exchange ∥ use of a pass, the gate loses its memory",
    units: 1,
    attempts: [withPass],
    exchanges: "a",
    endings: false,
    faults: { gateLosses: 1 },
  },
  {
    name: "last unit ∥ unit returned ∥ a buyer without a pass, one death",
    units: 1,
    attempts: [ada, bob],
    latches: true,
    endings: false,
    faults: { deaths: 1 },
  },
  {
    name: "two units of three, a withdrawal of two, a restock",
    units: 3,
    attempts: [{ ...ada, quantity: 2 }],
    withdraws: 2,
    faults: { restocks: 1 },
  },
];

/** Larger worlds, for `npm run model`. */
export const wideSettings: readonly Setting[] = [
  {
    name: "a retry, one death, the log delivers twice",
    units: 2,
    attempts: [keyed, keyed],
    endings: false,
    faults: { deaths: 1, redeliveries: 1 },
  },
  {
    name: "a retry, the gate loses its memory",
    units: 1,
    attempts: [keyed, keyed],
    endings: false,
    faults: { gateLosses: 1 },
  },
  {
    name: "a retry, after a day perhaps",
    units: 2,
    attempts: [keyed, keyed],
    endings: false,
    faults: { days: 1 },
  },
  {
    name: "two orders, one unit, a restock",
    units: 1,
    attempts: [ada, bob],
    endings: false,
    faults: { restocks: 1 },
  },
  {
    name: "two orders, one unit, an admin's rebuild",
    units: 1,
    attempts: [ada, bob],
    endings: false,
    faults: { rebuilds: 1 },
  },
  {
    name: "one customer, two orders, a limit of one",
    units: 2,
    limit: 1,
    attempts: [ada, { ...bob, userId: "ada" }],
    endings: false,
    faults: { deaths: 1 },
  },
  {
    name: "one order, a withdrawal, an admin's rebuild",
    units: 1,
    attempts: [ada],
    withdraws: 1,
    endings: false,
    faults: { rebuilds: 1 },
  },
];

/** The smallest world in which the lack of each protection shows. */
export const mutations: readonly (Setting & { mutant: Mutant })[] = [
  { mutant: "202-before-mark", units: 1, attempts: [ada], faults: { deaths: 1 } },
  { mutant: "void-unclaimed", units: 1, attempts: [ada], faults: {} },
  { mutant: "abort-after-hand-over", units: 1, attempts: [ada, bob], faults: {} },
  { mutant: "no-tombstone", units: 1, attempts: [ada], faults: {} },
  { mutant: "no-duplicate-check", units: 2, attempts: [keyed, keyed], endings: false, faults: { days: 1 } },
  { mutant: "no-seq-check", anyRow: true, units: 1, attempts: [ada], faults: { restocks: 1 } },
  { mutant: "no-epoch", units: 2, attempts: [ada, bob], endings: false, faults: { rebuilds: 1 } },
  { mutant: "epoch-uncompared", units: 1, attempts: [ada], endings: false, faults: { rebuilds: 2 } },
  { mutant: "no-fence", units: 1, attempts: [ada, bob], endings: false, faults: { gateLosses: 1 } },
  { mutant: "no-drain", units: 1, attempts: [ada], faults: { gateLosses: 1 } },
  { mutant: "no-claim-at-close", units: 1, attempts: [ada], faults: { rebuilds: 1 } },
  { mutant: "no-redrive-at-rebuild", units: 1, attempts: [ada], faults: { rebuilds: 1, logLosses: 1 } },
  { mutant: "no-redrive", units: 1, attempts: [ada], faults: { logLosses: 1 } },
  { mutant: "eval-fallback", units: 1, attempts: [ada, bob], faults: { gateLosses: 1 } },
  { mutant: "unstamped-keys", units: 1, attempts: [ada], endings: false, faults: { keyLosses: 1 } },
  { mutant: "adopt-voiding", units: 1, attempts: [keyed, keyed], faults: { deaths: 1 } },
  { mutant: "opens-anothers-closing", units: 1, attempts: [ada], endings: false, faults: { rebuilds: 2 } },
  { mutant: "confirm-uncompared", units: 1, attempts: [ada], faults: {} },
  { mutant: "release-twice", units: 1, attempts: [ada], faults: {} },
  { mutant: "pause-in-books", units: 1, attempts: [ada], pauses: true, endings: false, faults: {} },
  {
    mutant: "install-forgets-pause",
    units: 1,
    attempts: [ada],
    pauses: true,
    endings: false,
    faults: { rebuilds: 1 },
  },
  { mutant: "retire-in-books", units: 1, attempts: [withPass], exchanges: "a", endings: false, faults: {} },
  {
    mutant: "retire-at-gate-only",
    units: 1,
    attempts: [withPass],
    exchanges: "a",
    endings: false,
    faults: { gateLosses: 1 },
  },
  { mutant: "retire-unheard", units: 1, attempts: [withPass], exchanges: "a", endings: false, faults: {} },
  {
    mutant: "image-without-retired",
    units: 1,
    attempts: [withPass],
    exchanges: "a",
    endings: false,
    faults: { gateLosses: 1 },
  },
  { mutant: "no-latch-in-step", units: 1, attempts: [ada, bob], latches: true, endings: false, faults: {} },
  {
    mutant: "install-forgets-latch",
    units: 1,
    attempts: [ada, bob],
    latches: true,
    endings: false,
    faults: { rebuilds: 1 },
  },
  { mutant: "withdraw-from-books", units: 1, attempts: [ada], withdraws: 1, faults: {} },
].map((setting) => ({ ...setting, name: setting.mutant }) as Setting & { mutant: Mutant });
