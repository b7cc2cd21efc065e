/**
 * Tells buyers by mail that their order is reserved, how it ended, that its parcel has left, and that a part of its money
 * goes back. A buyer without an account here has no verified address and gets none. The key of a mail is its kind and its
 * order, and the sum so far of a partial refund, so an event that the log gives twice sends one mail.
 */
import type { StoredRecord } from "#engines/log";
import type { Mail, MailEngine } from "#engines/mail";
import { handedOverEventType, type OrderEvent, orderEventTypes, partlyRefundedEventType } from "#events/orders";
import type { Addressee } from "#identity";
import { isUuid } from "#platform/ids";
import type { Log } from "#platform/log";
import { mailText } from "#platform/mail-text";
import { pageAddress } from "#platform/page-address";
import { type Reader, readerOf } from "#platform/reader";
import { spelledCodeOf } from "#platform/short-codes";
import { type OrderMailKind, orderMailText } from "./order-mail-texts.ts";

export type OrderMailsOptions = {
  mail: Pick<MailEngine, "send">;
  addressees(userIds: readonly string[]): Promise<Addressee[]>;
  /** The IANA zones of the drops that these products are sold in. */
  zonesOf(productIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** By product id; those that do not exist are left out. */
  productsOf(productIds: readonly string[]): Promise<ReadonlyMap<string, { name: string }>>;
  /** Where buyers reach the shop, if it is set: a mail leads to its order's page. */
  publicUrl: string | undefined;
  now(): number;
  logger: Log;
};

export type OrderMails = ReturnType<typeof createOrderMails>;

type Told = { kind: OrderMailKind; data: OrderEvent["data"] };

/** A shop that is updated, or whose log is read anew, must not write about orders of last week. */
const latestMs = 24 * 60 * 60_000;

/** After the event, however late it reached the log: the time to pay may be over. */
const latestReservedMs = 2 * 60_000;

const kinds: ReadonlyMap<string, OrderMailKind> = new Map([
  [orderEventTypes.INVENTORY_RESERVED, "reserved"],
  [orderEventTypes.CONFIRMED, "confirmed"],
  [orderEventTypes.FAILED, "failed"],
  [orderEventTypes.CANCELLED, "cancelled"],
  [orderEventTypes.REFUNDED, "refunded"],
  [handedOverEventType, "handed-over"],
  [partlyRefundedEventType, "partly-refunded"],
]);

/** The money of a refunded order that is not on its way back: it was never taken, or the bank has given it back already. */
const refundedAs: ReadonlyMap<string | null, OrderMailKind> = new Map([
  ["authorization_lapsed", "released"],
  ["voided_by_provider", "released"],
  ["charged_back", "charged-back"],
]);

export function createOrderMails({ mail, addressees, zonesOf, productsOf, publicUrl, now, logger }: OrderMailsOptions) {
  /** A record of another producer must not stop the records after it. */
  function unlessMalformed<Made>({ key, offset }: StoredRecord, make: () => Made): Made | undefined {
    try {
      return make();
    } catch (error) {
      logger.warn("no mail is sent of this record", { key, offset }, error);
      return undefined;
    }
  }

  /** For a buyer who chose no zone: the drop was announced in one. */
  async function zonesFor(news: readonly Told[], byId: ReadonlyMap<string, To>) {
    const asked = news.filter(({ data: { payBy, userId } }) => {
      const to = byId.get(userId);
      return payBy !== undefined && to && to.reader.zone === undefined;
    });
    if (asked.length === 0) return new Map<string, string>();
    return zonesOf([...new Set(asked.map(({ data }) => String(data.productId)))]);
  }

  return {
    /** Resolves when each mail is durable. */
    async send(records: readonly StoredRecord[]): Promise<void> {
      const news = records.flatMap((record) => {
        const told = unlessMalformed(record, () => toldBy(record, now()));
        return told ? [{ record, ...told }] : [];
      });
      if (news.length === 0) return;
      // Mails of one batch leave in any order, and one that asks for a payment must not follow the news of the order's end.
      const ends = news.filter((told) => told.kind !== "reserved" && !isFenced(told));
      const ended = new Set(ends.map(({ data }) => data.orderId));
      const found = await addressees([...new Set(news.map(({ data }) => String(data.userId)))]);
      const byId = new Map(found.map((one) => [one.accountId, { email: one.email, reader: readerOf(one) }]));
      const current = news.filter(
        ({ kind, data }) => byId.has(data.userId) && (kind !== "reserved" || !ended.has(data.orderId)),
      );
      if (current.length === 0) return;
      const zones = await zonesFor(current, byId);
      const products = await productsOf([...new Set(current.map(({ data }) => data.productId))]);
      const letters = current.flatMap(({ record, ...told }) => {
        const { userId, productId } = told.data;
        const to = byId.get(userId);
        const zone = zones.get(productId) ?? "UTC";
        const name = products.get(productId)?.name ?? productId;
        const link = pageAddress(publicUrl, `/o/${told.data.orderId}`);
        return (to && unlessMalformed(record, () => letterOf(told, { name, zone, link }, to))) ?? [];
      });
      await Promise.all(letters.map((letter) => mail.send(letter)));
    },
  };
}

function toldBy({ headers, value, appendedAtMs, foreign }: StoredRecord, nowMs: number): Told | undefined {
  const kind = kinds.get(headers.ce_type ?? "");
  if (!kind || foreign) return undefined;
  // The log has a clock of its own, and gets events late after an outage.
  const happenedAtMs = Date.parse(headers.ce_time ?? "");
  if (appendedAtMs < nowMs - latestMs && !(happenedAtMs >= nowMs - latestMs)) return undefined;
  if (kind === "reserved" && (happenedAtMs || appendedAtMs) < nowMs - latestReservedMs) return undefined;
  const data = JSON.parse(value.toString()) as Told["data"];
  if (kind === "reserved" && Date.parse(data.payBy ?? "") <= nowMs) return undefined;
  // A mail has its order in its key, which PostgreSQL takes only up to a length.
  if (!isUuid(String(data.orderId))) throw new Error("no order");
  // Accounts and zones are looked up for many records in one statement, which a text with NUL would end for all.
  if (![data.userId, data.productId].every(isStorable)) throw new Error("no buyer or product");
  if (kind === "partly-refunded" && !(data.partMinor && data.givenBackMinor)) throw new Error("no sum");
  return { kind, data };
}

function isStorable(text: unknown): boolean {
  return typeof text === "string" && !text.includes("\0");
}

type To = { email: string; reader: Reader };

/** `zone`: of the product's drop. */
type Named = { name: string; zone: string; link: string | undefined };

function letterOf({ kind, data }: Told, { name, zone, link }: Named, { email, reader }: To): Mail {
  const { orderId, quantity, totalMinor, currency, payBy, reason, partMinor = 0, givenBackMinor = 0 } = data;
  const facts = {
    order: reader.named(spelledCodeOf(orderId)),
    units: `${reader.count(quantity)} × ${reader.named(name)}`,
    total: reader.money(totalMinor, currency),
    isFree: totalMinor === 0,
    part: reader.money(partMinor, currency),
    withEarlier: givenBackMinor > partMinor ? reader.money(givenBackMinor, currency) : undefined,
    until: payBy === undefined ? undefined : reader.moment(new Date(payBy), zone),
  };
  const says = (kind === "refunded" && refundedAs.get(reason)) || kind;
  const { subject, text } = orderMailText(reader.language, says, facts);
  const mail = { to: email, keepsText: true, subject, text: mailText(text, link) };
  if (isFenced({ kind, data })) return { key: `order-not-kept:${orderId}`, ...mail };
  const keysOf = (others: readonly OrderMailKind[]) => others.map((other) => keyOf(other, orderId));
  const key = kind === "partly-refunded" ? `${keyOf(kind, orderId)}:${givenBackMinor}` : keyOf(kind, orderId);
  return { key, overtakes: keysOf(before(kind)), overtakenBy: keysOf(after(kind)), ...mail };
}

function keyOf(kind: OrderMailKind, orderId: string): string {
  return `order-${kind}:${orderId}`;
}

/** The order may be placed again under its id, so its mail says nothing of others under that id. */
function isFenced({ kind, data }: Told): boolean {
  return kind === "failed" && data.reason === "fenced";
}

/** The mails that this one makes untrue: a mail server that was away takes mails in no order. */
function before(kind: OrderMailKind): OrderMailKind[] {
  if (kind === "reserved" || kind === "partly-refunded") return [];
  return kind === "refunded" ? ["reserved", "confirmed"] : ["reserved"];
}

/** Once the topic has got a partition more, the events of an order may be in two, which are read in no order. */
function after(kind: OrderMailKind): OrderMailKind[] {
  if (kind === "partly-refunded") return ["refunded"];
  return [...kinds.values()].filter((later) => before(later).includes(kind));
}
