/**
 * Lists bugs that are planted at the ports by a switch of the simulation alone, to see that each checker sees
 * something.
 */
export const plantedBugs = {
  "no-seq-check": "the gate applies stream rows in any order",
  "eval-fallback": "a gate that came back with old data is taken at its word",
  "looks-back-a-minute": "the relay and every check look at the changes of the last minute only",
  "unstamped-keys": "a gate that lost one key of a product goes on with what is left of it",
  "no-tombstone": "a void leaves no row in the ledger",
  "no-sweeper": "nobody looks after abandoned reservations",
  "mark-forgotten": "202 is said of records that are not marked",
  "void-unclaimed": "a void does not make the mark impossible",
  "marks-by-name": "a topic that was made anew is taken for the one before",
  "position-of-records": "a consumer is only where its last record was, also where offsets have no record",
  "no-beginning": "nobody knows where the log begins",
  "patience-in-attempts": "patience counted in attempts: a payment that cannot be opened five times ends its order",
  "captured-at-once": "money is taken before the order stands",
  "captured-twice": "a repeated capture takes the money again",
  "end-told-early": "an order is told to have failed while its payment is undecided",
  "sessions-kept": "a session that was opened while the books took no writes is used again and again",
  "deadlines-by-machine": "each process compares deadlines with its own machine's clock",
  "pauses-by-time-of-day": "pauses are measured by a clock that can be set",
  "refund-as-decline": "money that went back at the bank is noted as a card that was declined",
} as const;
export type Planted = keyof typeof plantedBugs;
