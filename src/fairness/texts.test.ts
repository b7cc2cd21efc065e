import assert from "node:assert/strict";
import { test } from "node:test";
import { headText, receiptText, rootText } from "./texts.ts";

test("the signed texts stay as they are in later versions, or signatures that people hold would no longer verify", () => {
  const place = { dropId: "shoe", ticket: "00ff", seq: 7, joinedAtMs: 1_700_000_000_123 };
  const head = { dropId: "shoe", size: 7, root: "ab12", atMs: 1_700_000_000_456 };
  const root = { ...head, chain: "52db", promisedRound: 1000, round: 1002 };
  assert.equal(receiptText(place), "dropgate-line-1\nplace\nshoe\n00ff\n7\n1700000000123\n");
  assert.equal(headText(head), "dropgate-line-1\nhead\nshoe\n7\nab12\n1700000000456\n");
  assert.equal(rootText(root), "dropgate-line-1\nroot\nshoe\n7\nab12\n1700000000456\n52db\n1000\n1002\n");
});
