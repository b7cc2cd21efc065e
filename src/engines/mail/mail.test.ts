import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { migrate } from "../sql/migrate.ts";
import { describeMail } from "./contract/mail.testing.ts";
import type { MailEngine, QueuedMail } from "./message.ts";
import { mailSchema } from "./message-rows.ts";
import { createOutboxMail } from "./outbox.ts";
import { openSmtpMail } from "./smtp.ts";

const log = createLog({ level: "silent" });

async function openMailDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await migrate({ url: database.url, modules: [mailSchema] });
  return database;
}

type Arrived = { to: string[]; raw: string };

/** A mail server on loopback. `answer` is asked before each recipient is taken: an SMTP reply code refuses them. */
async function startMailServer(answer: () => number | undefined = () => undefined) {
  const arrived: Arrived[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo(_address, _session, done) {
      const responseCode = answer();
      done(responseCode ? Object.assign(new Error("refused"), { responseCode }) : null);
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        arrived.push({ to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return { arrived, url: `smtp://127.0.0.1:${port}`, close: () => new Promise<void>((done) => server.close(done)) };
}

function read(raw: string): { subject: string; text: string } {
  const end = raw.indexOf("\r\n\r\n");
  const head = raw.slice(0, end).replaceAll(/\r\n[ \t]/g, " ");
  const body = raw.slice(end + 4).replaceAll("\r\n", "\n");
  const subject = /^Subject: (.*)$/m.exec(head)?.[1]?.trim() ?? "";
  const bytes = /base64/i.test(head) ? Buffer.from(body, "base64") : ofQuotedPrintable(body);
  // Lines end with CRLF on the way.
  return { subject: wordsOf(subject), text: bytes.toString().replaceAll("\r\n", "\n") };
}

function ofQuotedPrintable(text: string): Buffer {
  const joined = text.replaceAll(/=\n/g, "");
  return Buffer.from(
    joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

/** RFC 2047. */
function wordsOf(header: string): string {
  return header
    .replaceAll(/\?= +=\?/g, "?==?")
    .replaceAll(/=\?UTF-8\?([BQ])\?(.*?)\?=/gi, (_, coding, word) =>
      /b/i.test(coding)
        ? Buffer.from(word, "base64").toString()
        : ofQuotedPrintable(word.replaceAll("_", " ")).toString(),
    );
}

describeMail("outbox", async () => {
  const { sql, close } = await openMailDatabase();
  const mail = createOutboxMail({ sql });
  return {
    mail,
    other: createOutboxMail({ sql }),
    arrivedAt: async (address) =>
      (await mail.list({ limit: 100 }))
        .filter(({ to }) => to === address)
        .map(({ subject, text }) => ({ subject, text })),
    close,
  };
});

describeMail("smtp", async () => {
  const { sql, close } = await openMailDatabase();
  const server = await startMailServer();
  const [mail, other] = [1, 2].map(() => openSmtpMail({ sql, log, url: server.url, from })) as [MailEngine, MailEngine];
  return {
    mail,
    other,
    arrivedAt: async (address) => server.arrived.filter(({ to }) => to.includes(address)).map(({ raw }) => read(raw)),
    async close() {
      await mail.close();
      await other.close();
      await server.close();
      await close();
    },
  };
});

const from = "Shop <shop@shop.example>";

describe("a mail server", () => {
  let database: TestDatabase;
  let server: Awaited<ReturnType<typeof startMailServer>>;
  let mail: MailEngine;
  let refusesWith: number | undefined;
  before(async () => {
    database = await openMailDatabase();
    server = await startMailServer(() => refusesWith);
    mail = openSmtpMail({ sql: database.sql, log, url: server.url, from });
  });
  after(async () => {
    await mail.close();
    await server.close();
    await database.close();
  });

  const stateOf = async (key: string) => (await mail.list({ limit: 100 })).find((one) => one.key === key);
  const untilState = (key: string, state: string) => until(async () => (await stateOf(key))?.state === state);
  const letter = { to: "ada@shop.example", subject: "Code", text: "Your code is 012345\n" };

  test("that has taken a mail leaves no text of it in the database, because it may hold a code", async () => {
    await mail.send({ key: "taken", ...letter });
    await untilState("taken", "sent");
    assert.equal((await stateOf("taken"))?.text, "");
  });

  test("that is busy is asked again, under the same Message-ID", async () => {
    refusesWith = 451;
    await mail.send({ key: "busy", ...letter });
    await until(async () => {
      const [row] = await database.sql.query("select 1 from mail.message where key = 'busy' and failure is not null");
      return row;
    });
    refusesWith = undefined;
    await database.sql.query("update mail.message set next_try_at = now() where key = 'busy'");
    // Any further mail wakes the sender.
    await mail.send({ key: "wakes", ...letter });
    await untilState("busy", "sent");
    const ids = server.arrived.map(({ raw }) => /^Message-ID: <(\w+)@shop\.example>/im.exec(raw)?.[1]);
    assert.ok(ids.every((id) => id !== undefined) && new Set(ids).size === ids.length, ids.join());
  });

  test("that was busy is asked again although the clock of the database was set back meanwhile", async () => {
    refusesWith = 451;
    await mail.send({ key: "set back", ...letter });
    await until(async () => (await stateOf("set back"))?.failure);
    refusesWith = undefined;
    await database.sql.query(
      "update mail.message set next_try_at = next_try_at + interval '1 hour' where key = 'set back'",
    );
    await mail.send({ key: "wakes again", ...letter });
    await untilState("set back", "sent");
  });

  test("that was busy does not get a mail that a later one has made untrue", async () => {
    refusesWith = 451;
    await mail.send({ key: "order-reserved:8", ...letter });
    await until(async () => (await stateOf("order-reserved:8"))?.failure);
    refusesWith = undefined;
    await mail.send({ key: "order-confirmed:8", ...letter, overtakes: ["order-reserved:8", "taken"] });
    await untilState("order-confirmed:8", "sent");
    const { state, failure } = (await stateOf("order-reserved:8")) ?? {};
    assert.deepEqual([state, failure], ["failed", "a later mail says what became of it"]);
    assert.equal((await stateOf("taken"))?.state, "sent");
  });

  test("that refuses an address for good is not asked again", async () => {
    refusesWith = 550;
    await mail.send({ key: "refused", ...letter });
    await untilState("refused", "failed");
    refusesWith = undefined;
  });

  test("that had refused a mail gets it again when a person asks, and no mail is sent twice that way", async () => {
    refusesWith = 550;
    await mail.send({ key: "again", ...letter });
    await untilState("again", "failed");
    refusesWith = undefined;
    const { seq = 0, failure } = (await stateOf("again")) ?? {};
    assert.ok(failure);
    assert.equal(await mail.resend(seq), true);
    await untilState("again", "sent");
    assert.equal(await mail.resend(seq), false);
    assert.equal((await mail.find(seq))?.failure, null);
    assert.equal(await mail.find(seq + 1_000), undefined);
  });

  test("that has taken a mail without a secret takes it again when a person asks, as another message", async () => {
    await mail.send({ key: "order-confirmed:7", ...letter, keepsText: true });
    await untilState("order-confirmed:7", "sent");
    const [{ seq, text }, ...others] = (await mail.list({ about: "7", limit: 10 })) as [QueuedMail, ...QueuedMail[]];
    assert.deepEqual([text, others], [letter.text, []]);
    const before = server.arrived.length;
    assert.equal(await mail.resend(seq), true);
    await until(async () => server.arrived.length > before);
    await untilState("order-confirmed:7", "sent");
    const ids = server.arrived.map(({ raw }) => /^Message-ID: <(\w+)@shop\.example>/im.exec(raw)?.[1]);
    assert.equal(new Set(ids).size, ids.length);
  });
});
