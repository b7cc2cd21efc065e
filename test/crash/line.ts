/**
 * The people of a drop with a line in the middle of a trial. They join before the opening and during the sale, some in three
 * tabs, one leaves and joins again; they come when they are called, take a pass, some exchange it for the other size, and
 * order and pay with it; who finds nothing of one size asks for the other. Each repeats every request until it is answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LineReading, ToldPlace } from "../laws/evidence.ts";
import { isAnswered, type Wish } from "../laws/wish.ts";
import type { Answer, Client, Problem } from "../support/client.ts";
import { attempt } from "./crowd.ts";
import { insist } from "./insist.ts";
import { patiently } from "./patience.ts";

/** The units of the two sizes: fewer than the people who want one. */
export const lineUnits = { first: 5, second: 3 };

export type LineOptions = {
  as(user: string): Client;
  admin: Client;
  /** Distinguishes its people from those of other trials. */
  name: string;
  /** Ids of the products that are its sizes. */
  sizes: { first: string; second: string };
  random(): number;
  goesOn(): boolean;
};

export type LineStory = {
  dropId: string;
  readonly wishes: readonly Wish[];
  /** The part of the evidence that only its people have. */
  heard(): Pick<LineReading, "called" | "told" | "promises">;
  /** Resolves once each person has an order or found nothing; with the reasons of those who gave up. */
  done: Promise<string[]>;
};

type Place = { seq: number; place: number | null; called: boolean };
type Pass = { pass: string; orderId: string };
type Person = { user: string; client: Client; size: string; exchanges: boolean };

/**
 * How long after the last of the early people the drop opens. The roster is frozen a second before the opening, and changes
 * are refused from another second before that.
 */
const opensAfterMs = 4_000;
const hourMs = 3_600_000;
const earlyPeople = 8;
const latePeople = 3;
const good = "4242 4242 4242 4242";
const lookEveryMs = 250;
/** The shop keeps the state of a line for a second. */
const stateIsFreshAfterMs = 1_500;
/** Without an order or a refusal by then, a person gives up. */
const patientForMs = 120_000;

export function runLine({ as, admin, name, sizes, random, goesOn }: LineOptions): LineStory {
  const dropId = `line-${name}`;
  const path = `/drops/${dropId}`;
  const wishes: Wish[] = [];
  const told: ToldPlace[] = [];
  const called: number[] = [];
  const promises: LineReading["promises"][number][] = [];
  const endsAtMs = performance.now() + patientForMs;
  let ordered = 0;
  const waits = () => goesOn() && performance.now() < endsAtMs;
  const isOver = () => ordered >= lineUnits.first + lineUnits.second;

  const at = (ms: number) => new Date(ms).toISOString();

  async function schedule(): Promise<void> {
    const nowMs = Date.now();
    const times = { prequeueAt: at(nowMs - 1_000), opensAt: at(nowMs + hourMs), closesAt: at(nowMs + 2 * hourMs) };
    const products = [sizes.first, sizes.second].map((productId) => ({ productId }));
    const how = { entry: "line", beacon: "own", freezeLeadSeconds: 1, admitPerSecond: 100 };
    const draft = { dropId, name: "Boots", zone: "Europe/Berlin", ...times, ...how, products };
    const reason = "the gate is being loaded";
    await insist(waits, () => admin.post<Problem>("/drops", draft), isDone("drop_exists"));
    const body = { force: true, reason };
    await insist(waits, () => admin.post<Problem>(`${path}/schedule`, body), isDone("already_scheduled"));
  }

  /** Now that people stand in it. */
  async function open(): Promise<void> {
    const ask = async () => {
      await patiently(admin.patch<Problem>(path, { opensAt: at(Date.now() + opensAfterMs) }));
      return admin.get<{ opensAt: string }>(path);
    };
    // A change that came too late is refused as frozen, as is the repeat of one whose answer was lost.
    await insist(
      waits,
      ask,
      ({ status, body }) => status === 200 && Date.parse(body.opensAt) < Date.now() + hourMs / 2,
    );
  }

  function otherThan(size: string): string {
    return size === sizes.first ? sizes.second : sizes.first;
  }

  function hear(user: string, { seq, place }: Place): void {
    told.push({ dropId, userId: user, seq, place });
  }

  async function join({ user, client }: Person, tabs = 1): Promise<void> {
    const inTab = async () => {
      const answer = await insist(waits, () => client.post<Place>(`${path}/room`, {}), isDone());
      if (answer) hear(user, answer.body);
    };
    await Promise.all(Array.from({ length: tabs }, inTab));
  }

  async function leave({ client }: Person): Promise<void> {
    await insist(waits, () => client.raw<Problem>("DELETE", `${path}/room`, undefined), isDone("not_in_line"));
  }

  /** The pass, once a unit is free for it; nothing once all are ordered. */
  async function askForPass(person: Person): Promise<Pass | undefined> {
    const { user, client } = person;
    const look = async () => {
      const place = await patiently(client.get<Place>(`${path}/room/place`));
      if (place?.status === 200) hear(user, place.body);
    };
    while (waits() && !isOver()) {
      await look();
      const answer = await patiently(client.post<Pass & Problem>(`${path}/room/pass`, { productId: person.size }));
      if (answer?.status === 200) {
        // The first look may have been before the draw.
        await look();
        return answer.body;
      }
      if (answer?.body.code === "nothing_free") person.size = otherThan(person.size);
      await sleep(lookEveryMs + random() * lookEveryMs);
    }
    return undefined;
  }

  /** For the other size if it is free; the pass stays what it was if it is not. */
  async function exchange({ client, size }: Person, { pass }: Pass): Promise<[pass: string, size: string]> {
    const other = otherThan(size);
    const ask = () => client.post<Pass & Problem>(`${path}/room/pass/exchange`, { pass, productId: other });
    const answer = await insist(waits, ask, isDone("nothing_free"));
    return answer?.status === 200 ? [answer.body.pass, other] : [pass, size];
  }

  /** Undefined unless the person gave up. */
  async function buy(person: Person): Promise<string | undefined> {
    const given = await askForPass(person);
    if (!given) return isOver() ? undefined : `${person.user} of ${dropId} got neither a pass nor an end`;
    const [pass, productId] = person.exchanges ? await exchange(person, given) : [given.pass, person.size];
    const wish: Wish = { user: person.user, productId, key: pass, attempts: [] };
    wishes.push(wish);
    while (waits() && !isAnswered(wish)) {
      await attempt(wish, person.client.post("/orders", { productId, quantity: 1 }, { "drop-pass": pass }));
      if (!isAnswered(wish)) await sleep(100 + random() * 200);
    }
    const last = wish.attempts.at(-1);
    // A pass is the promise of a unit.
    if (last?.code === "sold_out") promises.push({ productId, unspent: 1, free: 0, atMs: Date.now() });
    const orderId = wish.attempts.find(({ told }) => told === "ok")?.orderId;
    if (orderId === undefined)
      return `${person.user} has a pass of ${dropId}, and the order was answered ${last?.code}`;
    ordered += 1;
    const card = { cardNumber: good };
    const paid = isDone("already_paid", "payment_closed", "order_ended");
    await insist(waits, () => person.client.post<Problem>(`/orders/${orderId}/payment`, card), paid);
    return undefined;
  }

  /** With a last look when all is over, since everything may be done between two states that the shop shows. */
  async function watch(): Promise<void> {
    for (let isLast = false; !isLast; ) {
      isLast = !waits() || isOver();
      if (isLast) await sleep(stateIsFreshAfterMs);
      const answer = await patiently(admin.get<{ called: number }>(`${path}/room`));
      if (answer?.status === 200) called.push(answer.body.called);
      if (!isLast) await sleep(lookEveryMs);
    }
  }

  async function stand(person: Person, i: number): Promise<void> {
    await join(person, i % 3 === 1 ? 3 : 1);
    if (i !== 4) return;
    await leave(person);
    await join(person);
  }

  function personOf(i: number): Person {
    const user = `${name}-in-line-${i}`;
    const size = i % 3 === 2 && i < earlyPeople - 2 ? sizes.second : sizes.first;
    return { user, client: as(user), size, exchanges: i % 3 === 0 };
  }

  async function tell(): Promise<string[]> {
    await schedule();
    const watching = watch();
    const people = Array.from({ length: earlyPeople + latePeople }, (_, i) => personOf(i));
    await Promise.all(people.slice(0, earlyPeople).map(stand));
    await open();
    const coming = people.map(async (person, i) => {
      if (i >= earlyPeople) {
        await sleep(opensAfterMs * 2 * random());
        await stand(person, i);
      }
      return buy(person);
    });
    const gaveUp = await Promise.all(coming);
    await watching;
    return gaveUp.filter((one) => one !== undefined);
  }

  return { dropId, wishes, heard: () => ({ called, told, promises }), done: tell() };
}

/** An answer that a repeat would not change. */
function isDone(...codes: string[]) {
  return ({ status, body }: Answer<unknown>): boolean => status < 300 || codes.includes((body as Problem).code);
}
