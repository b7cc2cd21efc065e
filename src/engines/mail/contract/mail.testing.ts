/** Tests what every mail adapter promises. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import type { Mail, MailEngine } from "../message.ts";

export type MailStage = {
  mail: MailEngine;
  /** A second process of the same shop. */
  other: MailEngine;
  /** The mails that a reader of this address finds: on the mail server, or in the outbox. */
  arrivedAt(address: string): Promise<Pick<Mail, "subject" | "text">[]>;
  close(): Promise<void>;
};

export function describeMail(name: string, open: () => Promise<MailStage>): void {
  describe(`the mail on ${name}`, () => {
    let stage: MailStage;
    before(async () => {
      stage = await open();
    });
    after(() => stage.close());

    const untilArrived = (to: string) =>
      until(async () => {
        const mails = await stage.arrivedAt(to);
        return mails.length > 0 && mails;
      });

    test("brings subject and text whole, in every script", async () => {
      const to = "ada@shop.example";
      const mail = { subject: "Dein Code für heute 用户", text: "Grüße!\n\nZeile drei 😀\n.\nnach einem Punkt\n" };
      await stage.mail.send({ key: "whole", to, ...mail });
      assert.deepEqual(await untilArrived(to), [mail]);
    });

    test("sends a mail of one key once, whichever processes are asked for it", async () => {
      const mail = { to: "bob@shop.example", subject: "Once", text: "Only once.\n" };
      await Promise.all([stage.mail, stage.other, stage.mail].map((one) => one.send({ key: "once", ...mail })));
      await stage.other.send({ key: "last", ...mail, to: "last@shop.example" });
      await untilArrived("last@shop.example");
      assert.equal((await untilArrived(mail.to)).length, 1);
    });

    test("stores each of many mails at once, and one that cannot be stored fails alone", async () => {
      const mailOf = (i: number) => ({
        key: `many ${i}`,
        to: `many${i}@shop.example`,
        subject: "Many",
        text: `${i}\n`,
      });
      const asked = Array.from({ length: 30 }, (_, i) =>
        stage.mail.send({ ...mailOf(i), ...(i === 9 && { text: "\0" }) }),
      );
      const refused = (await Promise.allSettled(asked)).flatMap(({ status }, i) => (status === "rejected" ? [i] : []));
      assert.deepEqual(refused, [9]);
      const listed = (await stage.other.list({ limit: 29 })).map(({ key }) => key);
      assert.deepEqual(new Set(listed), new Set(asked.flatMap((_, i) => (i === 9 ? [] : [`many ${i}`]))));
    });

    test("sends no mail after another one that made it untrue, nor together with it", async () => {
      const mailOf = (key: string, by?: string): Mail => ({
        key,
        to: "dan@shop.example",
        subject: key,
        text: "T\n",
        ...(by && { overtakenBy: [by] }),
      });
      await stage.mail.send(mailOf("paid 1"));
      await stage.other.send(mailOf("pay 1", "paid 1"));
      await Promise.all([mailOf("pay 2", "paid 2"), mailOf("paid 2"), mailOf("pay 3", "paid 3")].map(stage.mail.send));
      const subjects = async () => (await stage.arrivedAt("dan@shop.example")).map(({ subject }) => subject);
      await until(async () => (await subjects()).includes("pay 3") && (await subjects()).length >= 3);
      assert.deepEqual((await subjects()).toSorted(), ["paid 1", "paid 2", "pay 3"]);
      const listed = (await stage.mail.list({ limit: 100 })).map(({ key }) => key);
      assert.deepEqual([listed.includes("pay 1"), listed.includes("pay 2")], [false, false]);
    });

    test("keeps addresses and subjects apart: a line break in one begins no header of another mail", async () => {
      const to = "eve@shop.example";
      await stage.mail.send({ key: "break", to, subject: "Hi\r\nBcc: victim@shop.example", text: "Text\n" });
      await untilArrived(to);
      assert.deepEqual(await stage.arrivedAt("victim@shop.example"), []);
    });

    test("lists the mails, the latest first, page by page", async () => {
      await stage.mail.send({ key: "newest", to: "carol@shop.example", subject: "Newest", text: "N\n" });
      const [newest] = await stage.other.list({ limit: 1 });
      assert.deepEqual([newest?.key, newest?.to, newest?.subject], ["newest", "carol@shop.example", "Newest"]);
      const [next] = await stage.other.list({ limit: 1, before: newest?.seq });
      assert.ok(next && newest && next.seq < newest.seq);
    });
  });
}
