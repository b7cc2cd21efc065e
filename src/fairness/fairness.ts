/**
 * The order of a line, and how an outsider checks it. Everything here is pure and needs no package, so the shop, the
 * command line and a browser run the same text; the hash comes in as a parameter.
 */
export { type HeadText, headText, type PlaceText, type RootText, receiptText, rootText, rules } from "./texts.ts";
