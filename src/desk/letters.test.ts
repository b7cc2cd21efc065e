import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { toDeadLetters } from "#engines/dead-letters";
import type { Batch, EventLog, StoredRecord } from "#engines/log";
import { createLog } from "#platform/log";
import { eventually } from "../../test/support/eventually.ts";
import { topics } from "../orders/stage.testing.ts";
import { type DeskStage, openDeskStage } from "./desk.testing.ts";
import type { Desk } from "./desk.ts";
import { insertLetters } from "./letter-rows.ts";
import { headersOf } from "./letters.ts";

const topic = topics.reservations;
const page = { state: undefined, before: undefined, limit: 100 };

describe("a dead letter", () => {
  let stage: DeskStage;
  let desk: Desk;
  const heard: StoredRecord[] = [];
  before(async () => {
    stage = await openDeskStage();
    desk = stage.open();
    await stage.log.consume({
      topic,
      group: "reader",
      maxRecords: 10,
      handle: async ({ records }: Batch) => void heard.push(...records),
    });
  });
  after(() => stage.close());

  /** Buries a record, and waits until the desk has it. */
  async function bury(key: string, value: Buffer = Buffer.from("{"), headers: Record<string, string> = {}) {
    const logger = createLog({ level: "silent" });
    const record = { key, value, headers, offset: 7n, appendedAtMs: 0 };
    await toDeadLetters({ log: stage.log, logger }, { topic, partition: 3 }, record, new Error("it is no JSON"));
    const running = await desk.start();
    const letter = await eventually(async () =>
      (await desk.letters.list(page)).find((one) => one.key.equals(Buffer.from(key))),
    );
    await running.stop();
    return letter;
  }
  const heardOf = (key: string) => heard.filter((record) => record.key === key);

  test("is copied also if its producer wrote a time that no calendar has", async () => {
    const record = { key: "odd time", value: Buffer.from("{"), headers: {} };
    const records = [1.7e18, -1e15].map((appendedAtMs, i) => ({ ...record, offset: BigInt(i), appendedAtMs }));
    await insertLetters(stage.sql, topic, { incarnation: "elsewhere", partition: 0, records });
    const times = (await desk.letters.about("odd time")).map(({ appendedAt }) => appendedAt.toISOString());
    assert.deepEqual(times, ["9999-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z"]);
  });

  test("is copied once with its bytes, also if they are no text, and if the log gives it again", async () => {
    const value = Buffer.from([0, 0xff, 0x7b]);
    const { letterId } = await bury("nul\u0000 key", value, { note: "a\u0000b" });
    // A group that has committed nothing gets all again.
    const running = await stage.open({ group: "another desk" }).start();
    await bury("the next one");
    await eventually(async () => {
      const committed = await stage.log.committedOffsets("another desk", `${topic}.dlq`);
      return committed.get(0) === (await stage.log.endOffsets(`${topic}.dlq`)).get(0);
    });
    await running.stop();
    const all = await desk.letters.list(page);
    assert.equal(all.filter(({ key }) => key.toString() === "nul\u0000 key").length, 1);
    const whole = await desk.letters.find(letterId);
    assert.deepEqual(whole?.value, value);
    const { note, "dlq-error": error, "dlq-offset": offset } = headersOf(whole ?? assert.fail());
    assert.deepEqual([note, error, offset], ["a\u0000b", "it is no JSON", "7"]);
  });

  test("is replayed once without the headers of its burial, although two ask at the same moment", async () => {
    const { letterId } = await bury("twice", Buffer.from("[]"), { ce_type: "x" });
    const answers = await Promise.all([desk.letters.replay(letterId, "grace"), desk.letters.replay(letterId, "ada")]);
    assert.deepEqual(answers.map((answer) => (answer.ok ? "ok" : answer.reason)).toSorted(), [
      "dead_letter_handled",
      "ok",
    ]);
    await bury("after it");
    const [replayed] = await eventually(() => heardOf("twice").length > 0 && heardOf("twice"));
    assert.deepEqual(replayed?.value, Buffer.from("[]"));
    assert.deepEqual(Object.keys(replayed?.headers ?? {}), ["ce_type"]);
    assert.equal(heardOf("twice").length, 1);
    assert.equal((await desk.letters.find(letterId))?.state, "replayed");
  });

  test("waits on if the process ends between the append and its mark, and may then be appended again", async () => {
    const { letterId } = await bury("cut short");
    const dying: EventLog = {
      ...stage.log,
      async append(...record) {
        await stage.log.append(...record);
        throw new Error("the process ends");
      },
    };
    await assert.rejects(stage.open({ through: dying }).letters.replay(letterId, "grace"), /the process ends/);
    assert.equal((await desk.letters.find(letterId))?.state, "waiting");
    assert.ok((await desk.letters.replay(letterId, "grace")).ok);
    await eventually(() => heardOf("cut short").length === 2);
  });

  test("that was kept without its value cannot be replayed, and can be discarded with a reason", async () => {
    await stage.log.append(`${topic}.dlq`, [
      { key: "too large", value: Buffer.alloc(0), headers: { "dlq-value": "left out", "dlq-error": "too large" } },
    ]);
    const running = await desk.start();
    const letter = await eventually(async () =>
      (await desk.letters.list(page)).find(({ key }) => key.toString() === "too large"),
    );
    await running.stop();
    const refused = await desk.letters.replay(letter.letterId, "grace");
    assert.deepEqual(refused, { ok: false, reason: "dead_letter_incomplete" });
    const waiting = (await desk.letters.countWaiting()).get(topic) ?? 0;
    const put = await desk.letters.discard(letter.letterId, "grace", "sent again by its producer");
    assert.ok(put.ok);
    assert.deepEqual(
      [put.letter.state, put.letter.handledBy, put.letter.reason],
      ["discarded", "grace", "sent again by its producer"],
    );
    assert.equal((await desk.letters.countWaiting()).get(topic), waiting - 1);
    assert.equal(heardOf("too large").length, 0);
  });
});
