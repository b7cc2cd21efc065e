/** Bugs that a switch of the simulation plants at the ports, to prove that the laws detect them. */
export const plantedBugs = {
  "no-seq-check": "the gate applies stream rows in any order",
  "eval-fallback": "a gate that came back with old data is trusted",
  "looks-back-a-minute": "the relay and every check read only the changes of the last minute",
  "unstamped-keys": "a gate that lost one key of a product goes on with the others",
  "sale-ignored": "the gate takes units of a drop that is paused, over, or not open",
  "no-tombstone": "a void leaves no row in the ledger",
  "no-sweeper": "no sweeper decides abandoned reservations",
  "mark-forgotten": "202 is answered for records that are not marked",
  "void-unclaimed": "a void does not make the mark impossible",
  "marks-by-name": "a topic that was made again is taken for the one before",
  "position-of-records": "a consumer's position is its last record, even if later offsets have no record",
  "no-beginning": "the log's beginning is ignored",
  "patience-in-attempts": "patience counted in attempts: a payment that cannot be opened five times ends its order",
  "captured-at-once": "money is captured before the order is confirmed",
  "captured-twice": "a repeated capture takes the money again",
  "end-told-early": "an order is reported as failed while its payment is undecided",
  "sessions-kept": "a session that was opened while the books took no writes is used repeatedly",
  "deadlines-by-machine": "each process compares deadlines with its own machine's clock",
  "pauses-by-time-of-day": "pauses are measured by a clock that can be set",
  "refund-as-decline": "money that went back at the bank is stored as a declined card",
} as const;
export type Planted = keyof typeof plantedBugs;
