import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ask } from "./ask.ts";
import { type DeadLetterArgs, deadLetters } from "./dead-letters.ts";

const letter = {
  letterId: 7,
  topic: "product.events",
  key: "lamp\u001b[31m",
  bytes: 2,
  error: "not a price event",
  at: "2026-11-26T12:00:00.000Z",
  state: "waiting",
  headers: { "dlq-error": "not a price event" },
  value: "{}",
  encoding: "utf-8",
};

/** A running system with one letter on each of two pages; returns what was asked and what was printed. */
async function run(args: Partial<DeadLetterArgs>) {
  const asked: string[] = [];
  const lines: string[] = [];
  const ask: Ask = async (method, path, body) => {
    asked.push([method, path, body && JSON.stringify(body)].filter(Boolean).join(" "));
    if (!path.startsWith("/admin/dead-letters?")) return letter;
    return path.includes("cursor=7") ? { items: [], nextCursor: null } : { items: [letter], nextCursor: "7" };
  };
  await deadLetters(ask, { letter: undefined, yes: false, discard: undefined, all: false, ...args }, (line) =>
    lines.push(line),
  );
  return { asked, text: lines.join("\n") };
}

test("dropgate replay lists the letters that wait, page by page, and changes nothing", async () => {
  const { asked, text } = await run({});
  assert.deepEqual(asked, [
    "GET /admin/dead-letters?limit=100&state=waiting",
    "GET /admin/dead-letters?limit=100&state=waiting&cursor=7",
  ]);
  assert.match(text, /^7 {2}2026-11-26T12:00:00.000Z {2}waiting {2}product.events .*not a price event$/);
});

test("a letter is shown before anything is done with it, and a foreign record moves no cursor of the terminal", async () => {
  const { asked, text } = await run({ letter: "7" });
  assert.deepEqual(asked, ["GET /admin/dead-letters/7"]);
  assert.match(text, /lamp\\u001b\[31m/);
  assert.match(text, /Nothing was done.*dropgate replay 7 --yes/s);
});

test("a letter is replayed with --yes, discarded with a reason, and never both", async () => {
  assert.deepEqual((await run({ letter: "7", yes: true })).asked, ["POST /admin/dead-letters/7/replay"]);
  const { asked } = await run({ letter: "7", discard: "rubbish" });
  assert.deepEqual(asked, ['POST /admin/dead-letters/7/discard {"reason":"rubbish"}']);
  await assert.rejects(run({ letter: "7", yes: true, discard: "rubbish" }), /give one/);
  await assert.rejects(run({ letter: "7/replay" }), /is no id of a dead letter/);
});
