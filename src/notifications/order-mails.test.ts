import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { NewRecord } from "#engines/log";
import { type OrderEvent, orderEventRecord } from "#events/orders";
import { spelledCodeOf } from "#platform/short-codes";
import { eventually } from "../../test/support/eventually.ts";
import { openStage, type Stage } from "./notifications.testing.ts";

describe("a mail about an order", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  type Event = "RESERVED" | "CONFIRMED" | "FAILED" | "CANCELLED" | "REFUNDED" | "HANDED-OVER" | "PARTLY-REFUNDED";

  /** When what an event tells has happened; the log gets it now. */
  let happenedAtMs = Date.now();

  function ended(
    userId: string,
    event: Event,
    currency = "EUR",
    payBy?: string,
    orderId: string = randomUUID(),
    productId = "lamp",
  ) {
    const type = `dropgate.order.${event.toLowerCase()}` as OrderEvent["type"];
    const status =
      event === "HANDED-OVER" || event === "PARTLY-REFUNDED"
        ? "CONFIRMED"
        : event === "RESERVED"
          ? "INVENTORY_RESERVED"
          : event;
    const data = {
      orderId,
      userId,
      productId,
      quantity: 2,
      totalMinor: 9_800,
      currency,
      status,
      reason: null,
      ...(payBy && { payBy }),
    };
    const time = new Date(happenedAtMs).toISOString();
    return { orderId, record: orderEventRecord({ id: `${orderId}:${event}`, type, time, data }) };
  }

  async function tell(...records: NewRecord[]): Promise<void> {
    const { notifications, topic, group } = await stage.open();
    await stage.log.append(topic, records);
    const running = await notifications.start();
    await eventually(async () => {
      const [ends, read] = [await stage.log.endOffsets(topic), await stage.log.committedOffsets(group, topic)];
      return [...ends].every(([partition, end]) => end === 0n || read.get(partition) === end);
    });
    await running.stop();
  }
  const of = (orderId: string, event: Event) => ended("ada", event, "EUR", undefined, orderId).record;
  const mailsOf = (orderId: string) => stage.mails.filter(({ key }) => key.endsWith(orderId));

  test("goes to the buyer's account in its language, with the sum as people there write it and the address of its page", async () => {
    const [ada, jo, amal] = [ended("ada", "CONFIRMED"), ended("jo", "REFUNDED"), ended("amal", "CANCELLED", "KWD")];
    await tell(ada.record, jo.record, amal.record);
    const [english] = mailsOf(ada.orderId);
    assert.deepEqual([english?.to, english?.subject], ["ada@shop.example", "Your order is paid"]);
    assert.match(english?.text ?? "", /2 × lamp, €98\.00 in total/);
    // By the code that the order's page shows, and not by its id.
    assert.ok(english?.text.startsWith(`Order ${spelledCodeOf(ada.orderId)}\n`), english?.text);
    assert.ok(english?.text.endsWith(`\n\nhttps://shop.example/o/${ada.orderId}\n`), english?.text);
    const [german] = mailsOf(jo.orderId);
    assert.equal(german?.subject, "Du bekommst deine Zahlung zurück");
    assert.match(german?.text ?? "", /Du bekommst insgesamt €\s98,00 zurück/);
    const [arabic] = mailsOf(amal.orderId);
    assert.match(arabic?.subject ?? "", /^\p{Script=Arabic}/u);
    // Unless it stands apart, the halves of a code of digits change places between Arabic words.
    assert.ok(arabic?.text.startsWith(`الطلب \u2068${spelledCodeOf(amal.orderId)}\u2069\n`), arabic?.text);
  });

  test("has moments and money as the pages do: by the region of the account, where there is such a region", async () => {
    const payBy = "2037-11-30T15:11:00.000Z";
    const [london, nowhere] = [
      ended("liv", "RESERVED", "AUD", payBy),
      ended("uma", "RESERVED", "EUR", "2037-11-30T06:11:00Z"),
    ];
    await tell(london.record, nowhere.record);
    assert.match(
      mailsOf(london.orderId)[0]?.text ?? "",
      /, A\$98\.00 in total\.\n\n.* until Monday 30 November at 15:11 GMT\. /,
    );
    assert.match(
      mailsOf(nowhere.orderId)[0]?.text ?? "",
      /zusammen 98,00\s€\.\n\n.* bis Montag, 30\. November um 15:11 GMT\+9\. /,
    );
  });

  test("names the product as the catalog does, in either direction of writing, and by its id if it is gone", async () => {
    const buyers = [
      ["ada", "night"],
      ["ada", "desert"],
      ["amal", "night"],
      ["jo", "gone"],
    ] as const;
    const told = buyers.map(([user, product]) => ended(user, "CONFIRMED", "EUR", undefined, randomUUID(), product));
    await tell(...told.map(({ record }) => record));
    const units = told.map(({ orderId }) => mailsOf(orderId)[0]?.text.split("\n")[1]);
    // A mail is plain text, in which markup is no markup; the signs around a name keep the sum behind it in its place.
    assert.equal(units[0], "2 × Night <b>&amp;</b> 🌙 lamp, €98.00 in total.");
    assert.equal(units[1], "2 × \u2068مصباح\u2069, €98.00 in total.");
    assert.match(units[2] ?? "", /^2 × \u2068Night <b>&amp;<\/b> 🌙 lamp\u2069، /);
    assert.match(units[3] ?? "", /^2 × gone, /);
  });

  test("S11: says the sum that the order's page says: with the decimals of ISO 4217, not those of habit", async () => {
    const told = ["HUF", "IQD", "JPY", "KWD"].map((currency) => ended("ada", "CONFIRMED", currency));
    await tell(...told.map(({ record }) => record));
    const sums = told.map(({ orderId }) => mailsOf(orderId)[0]?.text.match(/, (.+) in total/)?.[1]);
    assert.deepEqual(sums, ["HUF\u00a098.00", "IQD\u00a09.800", "¥9,800", "KWD\u00a09.800"]);
  });

  test("keeps the sign of a foreign currency together between Arabic words", async () => {
    const { orderId, record } = ended("amal", "CONFIRMED", "USD");
    await tell(record);
    assert.match(mailsOf(orderId)[0]?.text ?? "", /\u2066US\$[^\s\u2069]*\u2069/);
  });

  test("about a refund says where the money is, and is true if a part went back before: on its way, never taken, or taken back by the bank", async () => {
    const [shop, lapsed, bank] = [ended("ada", "REFUNDED"), ended("ada", "REFUNDED"), ended("ada", "REFUNDED")];
    const because = ({ record }: typeof shop, reason: string) => {
      const value = Buffer.from(JSON.stringify({ ...JSON.parse(record.value.toString()), reason }));
      return { ...record, value };
    };
    await tell(
      because(shop, "came back broken"),
      because(lapsed, "authorization_lapsed"),
      because(bank, "charged_back"),
    );
    const says = [shop, lapsed, bank].map(({ orderId }) => mailsOf(orderId)[0]?.text.split("\n")[3]);
    assert.match(says[0] ?? "", /^In total, €98\.00 goes back to you\./);
    assert.match(says[1] ?? "", /Nothing is charged/);
    assert.match(says[2] ?? "", /taken your payment back from the shop/);
  });

  const partly = (orderId: string, sums: { partMinor?: number; givenBackMinor?: number }) => {
    const record = of(orderId, "PARTLY-REFUNDED");
    return { ...record, value: Buffer.from(JSON.stringify({ ...JSON.parse(record.value.toString()), ...sums })) };
  };

  test("about a partial refund comes once for each, with its own sum, and not after the news that all goes back", async () => {
    const [ada, late] = [ended("ada", "CONFIRMED"), ended("ada", "CONFIRMED")];
    const [first, second] = [
      partly(ada.orderId, { partMinor: 500, givenBackMinor: 500 }),
      partly(ada.orderId, { partMinor: 500, givenBackMinor: 1_000 }),
    ];
    await tell(ada.record, first, second, partly(ada.orderId, {}));
    await tell(first, second, partly(late.orderId, { partMinor: 500, givenBackMinor: 500 }));
    const all = stage.mails.filter(({ key }) => key.startsWith(`order-partly-refunded:${ada.orderId}:`));
    const says = new Map(all.map(({ key, text }) => [key.split(":")[2], text.split("\n")[3] ?? ""]));
    assert.deepEqual([...says.keys()], ["500", "1000"]);
    assert.match(says.get("500") ?? "", /^€5\.00 goes back to you\. Your order stays as it is\./);
    assert.match(says.get("1000") ?? "", /^€5\.00 goes back to you, which makes €10\.00 with earlier refunds\./);
    assert.deepEqual(
      all.map(({ overtakes, overtakenBy }) => [overtakes, overtakenBy]),
      all.map(() => [[], [`order-refunded:${ada.orderId}`]]),
    );
  });

  test("comes when the units are reserved and when the parcel has left too, and can be read and sent again", async () => {
    const [held, left] = [ended("ada", "RESERVED"), ended("ada", "HANDED-OVER")];
    await tell(held.record, left.record);
    const mails = [...mailsOf(held.orderId), ...mailsOf(left.orderId)];
    assert.deepEqual(
      mails.map(({ key, subject, keepsText }) => [key, subject, keepsText]),
      [
        [`order-reserved:${held.orderId}`, "Your order is reserved", true],
        [`order-handed-over:${left.orderId}`, "Your parcel is on its way", true],
      ],
    );
  });

  test("about reserved units says until when they are held, in the zone of the buyer, else in that of the drop", async () => {
    const payBy = "2037-11-27T23:40:59.000Z";
    const told = ["ada", "jo", "amal", "kim"].map((user) => ended(user, "RESERVED", "EUR", payBy));
    const early = ended("ada", "RESERVED");
    // One by one, because the zone of the drop is asked for those alone who need it.
    for (const { record } of told) await tell(record);
    await tell(early.record);
    const [tokyo, vienna, arabic, nowhere] = told.map(({ orderId }) => mailsOf(orderId)[0]?.text.split("\n")[3] ?? "");
    assert.match(tokyo ?? "", /held for you until Saturday, November 28 at 8:40\sAM GMT\+9\. Pay/);
    assert.match(vienna ?? "", /zurückgelegt, bis Samstag, 28\. November um 00:40 MEZ\. Bezahle/);
    assert.match(arabic ?? "", /حتى السبت، .+ غرينتش\+/);
    assert.equal(nowhere, tokyo);
    // An event of an earlier version names no deadline.
    assert.match(mailsOf(early.orderId)[0]?.text ?? "", /held for you\. Pay/);
  });

  test("about reserved units is not sent when the time to pay may be over", async () => {
    const [held, paid] = [ended("ada", "RESERVED"), ended("ada", "CONFIRMED")];
    stage.clock.nowMs += 5 * 60_000;
    await tell(held.record, paid.record);
    stage.clock.nowMs -= 5 * 60_000;
    assert.deepEqual([mailsOf(held.orderId).length, mailsOf(paid.orderId).length], [0, 1]);
  });

  test("about reserved units is not sent when their event reached the log late, or the time to pay is over", async () => {
    happenedAtMs -= 5 * 60_000;
    const [late, paid] = [ended("ada", "RESERVED"), ended("ada", "CONFIRMED")];
    happenedAtMs += 5 * 60_000;
    const over = ended("ada", "RESERVED", "EUR", new Date(stage.clock.nowMs - 1).toISOString());
    await tell(late.record, paid.record, over.record);
    assert.deepEqual(
      [late, paid, over].map(({ orderId }) => mailsOf(orderId).length),
      [0, 1, 0],
    );
  });

  test("about reserved units does not follow the news of their order's end", async () => {
    const [paid, cancelled, held] = [ended("ada", "RESERVED"), ended("ada", "RESERVED"), ended("ada", "RESERVED")];
    const ends = [of(paid.orderId, "CONFIRMED"), of(cancelled.orderId, "CANCELLED")];
    await tell(paid.record, cancelled.record, held.record, ...ends);
    assert.deepEqual(
      [paid, cancelled, held].map(({ orderId }) => mailsOf(orderId).map(({ key }) => key.split(":")[0])),
      [["order-confirmed"], ["order-cancelled"], ["order-reserved"]],
    );
  });

  test("about a fenced order keeps back none of the order that is placed again under its key", async () => {
    const { orderId, record } = ended("ada", "FAILED");
    const value = Buffer.from(JSON.stringify({ ...JSON.parse(record.value.toString()), reason: "fenced" }));
    await tell({ ...record, value }, of(orderId, "RESERVED"));
    await tell(of(orderId, "FAILED"));
    assert.deepEqual(
      mailsOf(orderId).map(({ key }) => key.split(":")[0]),
      ["order-not-kept", "order-reserved", "order-failed"],
    );
    assert.deepEqual(mailsOf(orderId)[0]?.overtakes ?? [], []);
  });

  test("names those after it that make it untrue: events of an order may be read in no order", async () => {
    const { orderId, record } = ended("ada", "CONFIRMED");
    await tell(record);
    await tell(of(orderId, "RESERVED"));
    await tell(of(orderId, "REFUNDED"));
    assert.deepEqual(
      mailsOf(orderId).map(({ overtakenBy = [] }) => overtakenBy.map((key) => key.split(":")[0])),
      [
        ["order-refunded"],
        ["order-confirmed", "order-failed", "order-cancelled", "order-refunded", "order-handed-over"],
        [],
      ],
    );
  });

  test("overtakes those before it that are untrue by then", async () => {
    const { orderId, record } = ended("ada", "RESERVED");
    await tell(record);
    await tell(of(orderId, "CONFIRMED"), of(orderId, "HANDED-OVER"));
    await tell(of(orderId, "REFUNDED"));
    assert.deepEqual(
      mailsOf(orderId).map(({ overtakes = [] }) => overtakes.map((key) => key.split(":")[0])),
      [[], ["order-reserved"], ["order-reserved"], ["order-reserved", "order-confirmed"]],
    );
  });

  test("W5: has one key for each order and end, and goes to no buyer without an account", async () => {
    const [ada, guest] = [ended("ada", "FAILED"), ended("a guest", "CONFIRMED")];
    await tell(ada.record, ada.record, guest.record);
    assert.deepEqual([...new Set(mailsOf(ada.orderId).map(({ key }) => key))], [`order-failed:${ada.orderId}`]);
    assert.deepEqual(mailsOf(guest.orderId), []);
  });

  test("is not sent about an event of more than a day ago: a log that is read anew writes to no buyer", async () => {
    const ada = ended("ada", "CONFIRMED");
    stage.clock.nowMs += 25 * 60 * 60_000;
    await tell(ada.record);
    stage.clock.nowMs -= 25 * 60 * 60_000;
    assert.deepEqual(mailsOf(ada.orderId), []);
  });

  test("H5: comes of the record after one that is no event", async () => {
    const [broken, odd, ada] = [ended("ada", "FAILED"), ended("ada", "FAILED", "nothing"), ended("ada", "CONFIRMED")];
    const long = ended("ada", "CONFIRMED", "EUR", undefined, randomBytes(6_000).toString("hex"));
    await tell({ ...broken.record, value: Buffer.from("{") }, odd.record, long.record, ada.record);
    assert.equal(mailsOf(ada.orderId).length, 1);
    // PostgreSQL has no index entry for a key as long as that one would be.
    assert.deepEqual(mailsOf(long.orderId), []);
  });
});
