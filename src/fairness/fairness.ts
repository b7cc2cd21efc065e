/**
 * The order of a line, and how an outsider checks it; what the shop signs about orders. Everything here is pure and needs
 * no package, so the shop, the command line and a browser run the same text; the hash and the checks of signatures come in
 * as parameters.
 */
export { bytesOf, type Hash, hexOf } from "./bytes.ts";
export { chainOf, type Entry, firstBroken } from "./chain.ts";
export type { Check, CheckName, Tools } from "./check.ts";
export { placesOf, type SeedOf, seedOf } from "./order.ts";
export { acceptedText, boxText, orderRules, readStatement, refusedText, type Statement } from "./order-texts.ts";
export { type Consistency, type Inclusion, isConsistent, isIncluded } from "./proofs.ts";
export { type Published, type PublishedFile, publishedFiles, readLines } from "./published.ts";
export type { Call, Draw, Evidence, FairRecord, Kept, Served, Signed } from "./record.ts";
export {
  type Chain,
  decidingRound,
  fallbackAfterMs,
  promisedRoundOf,
  quicknet,
  roundAt,
  timeOfRound,
} from "./rounds.ts";
export {
  type HeadText,
  headText,
  type PlaceText,
  type RootText,
  readReceiptText,
  receiptText,
  rootText,
  rules,
} from "./texts.ts";
export { createTree, type Tree } from "./tree.ts";
export { verify } from "./verify.ts";
