/**
 * Runs a line of people on a virtual clock by the same pure decisions as the line itself: who is called, who gets a pass.
 * People stay away, come late, ask from many tabs, and let passes lapse.
 */
import { randomFrom } from "../../test/support/random.ts";
import { callsOf, comesWithinMs, sampleSize, shareOf, spareOf } from "./controller.ts";
import { grantsOf, refilled } from "./grants.ts";

export type LineOptions = {
  people: number;
  /** Of each size. */
  units: number;
  leavers: number;
  lateComers?: number;
  tabs?: number;
  rate: number;
  seed: number;
  /** The share of people that wants each size. */
  sizes?: readonly number[];
};

type Person = {
  place: number;
  comesAfterMs: number | undefined;
  size: string;
  cameAtMs?: number;
  pass?: { size: string; expiresMs: number; state: "live" | "spent" | "lapsed" };
  passes: number;
  isDone: boolean;
};
type Event = { atMs: number; act(): void };

const stepMs = 250;
const passMs = 120_000;
const graceMs = 5_000;

export function simulateLine({
  people: count,
  units,
  leavers,
  lateComers = 0,
  tabs = 1,
  rate,
  seed,
  sizes = [1],
}: LineOptions) {
  const random = randomFrom(seed);
  const free = new Map(sizes.map((_, i) => [`size-${i}`, units]));
  const people = Array.from({ length: count }, (_, i) => personAt(i + 1));
  const callTimes: { atMs: number; called: number }[] = [];
  const events = new Map<number, Event[]>();
  const live = new Set<Person>();
  const waiting = new Set<Person>();
  const figures = { sold: 0, passesTooMany: 0, calledFell: 0, insideWithNothing: 0 };
  let [nowMs, called, share, claimsLeft, claimsAtMs] = [0, 0, 1, 0, 0];
  let [movedAtMs, longestMs] = [0, 0];

  function personAt(place: number): Person {
    const kind = random();
    const soon = 500 + random() * 8_000;
    const late = 30_000 + random() * 90_000;
    const comesAfterMs = kind < leavers ? undefined : kind < leavers + lateComers ? late : soon;
    let [draw, size] = [random(), 0];
    while (size < sizes.length - 1 && draw >= (sizes[size] ?? 1)) {
      draw -= sizes[size] ?? 0;
      size += 1;
    }
    return { place, comesAfterMs, size: `size-${size}`, passes: 0, isDone: false };
  }

  function later(ms: number, act: () => void): void {
    const atMs = Math.ceil((nowMs + Math.max(ms, 1)) / stepMs) * stepMs;
    const due = events.get(atMs) ?? [];
    events.set(atMs, due);
    due.push({ atMs, act });
  }

  function passesOf(counts: (person: Person) => boolean): Map<string, number> {
    const kept = new Map<string, number>();
    for (const person of live) {
      const { pass } = person;
      if (pass && counts(person)) kept.set(pass.size, (kept.get(pass.size) ?? 0) + 1);
    }
    return kept;
  }
  const keptUnits = () => passesOf(() => true);

  const asks: Person[] = [];
  function ask(person: Person): void {
    person.cameAtMs ??= nowMs;
    for (let tab = 0; tab < tabs; tab += 1) asks.push(person);
  }

  function answerAsks(): void {
    const asked = new Set(asks.splice(0));
    const fresh = [...asked].filter((person) => !person.isDone && person.pass?.state !== "live");
    claimsLeft = refilled({ left: claimsLeft, rate, sinceMs: nowMs - claimsAtMs });
    claimsAtMs = nowMs;
    const wanted = fresh.map(({ place, size }) => ({ placeNo: place, productId: size }));
    const grants = grantsOf(wanted, { free, kept: keptUnits(), allowed: claimsLeft });
    grants.forEach((grant, i) => {
      const person = fresh[i] as Person;
      waiting[grant === "granted" ? "delete" : "add"](person);
      if (grant !== "granted") {
        later(grant === "too_fast" ? 1_000 : 2_000, () => ask(person));
        return;
      }
      claimsLeft -= 1;
      person.pass = { size: person.size, expiresMs: nowMs + passMs, state: "live" };
      person.passes += 1;
      live.add(person);
      if (random() < 0.95)
        for (let tab = 0; tab < tabs; tab += 1) later(1_000 + random() * 20_000, () => order(person));
    });
    // An order's pass counts as kept until its event comes; unspent ones alone must be worth a unit each.
    for (const [size, unspent] of passesOf(({ isDone }) => !isDone)) {
      if (unspent > (free.get(size) ?? 0)) figures.passesTooMany += 1;
    }
  }

  function order(person: Person): void {
    const left = free.get(person.size) ?? 0;
    if (!person.pass || person.isDone || person.pass.expiresMs <= nowMs) return;
    if (left === 0) figures.passesTooMany += 1;
    free.set(person.size, left - 1);
    person.isDone = true;
    figures.sold += 1;
    movedAtMs = nowMs;
    // The event of the order comes a moment after the gate has taken the unit.
    later(200 + random() * 2_000, () => {
      if (person.pass) person.pass.state = "spent";
      live.delete(person);
    });
  }

  function turn(): void {
    for (const person of live) {
      if (!person.pass || person.isDone || person.pass.expiresMs + graceMs > nowMs) continue;
      person.pass.state = "lapsed";
      live.delete(person);
    }
    const settled = callTimes.findLast(({ atMs }) => atMs <= nowMs - comesWithinMs)?.called ?? 0;
    const sample = people.slice(Math.max(0, settled - sampleSize), settled);
    share = shareOf(
      { came: sample.filter(({ cameAtMs }) => cameAtMs !== undefined).length, called: sample.length },
      share,
    );
    const expected = people.slice(settled, called).filter(({ cameAtMs }) => cameAtMs === undefined).length;
    const asking = new Map<string, number>();
    for (const { size } of waiting) asking.set(size, (asking.get(size) ?? 0) + 1);
    const spare = spareOf(free, keptUnits(), asking);
    const calls = callsOf({ spare, expected, cameShare: share, rate, sinceMs: 1_000 });
    const next = Math.min(count, called + calls);
    if (next < called) figures.calledFell += 1;
    for (const person of people.slice(called, next)) {
      if (person.comesAfterMs !== undefined) later(person.comesAfterMs, () => ask(person));
    }
    if (next > called) movedAtMs = nowMs;
    if (spareOf(free, keptUnits()) > 0 && called < count) longestMs = Math.max(longestMs, nowMs - movedAtMs);
    else movedAtMs = nowMs;
    called = next;
    callTimes.push({ atMs: nowMs, called });
  }

  const total = units * sizes.length;
  // A line that stands still for this long has failed.
  const giveUpMs = (count + (4 * passMs) / 1_000) * 1_000;
  let restMs = 0;
  for (; nowMs < giveUpMs && figures.sold < total && restMs < 2 * passMs; nowMs += stepMs) {
    for (const { act } of events.get(nowMs) ?? []) act();
    events.delete(nowMs);
    answerAsks();
    if (nowMs % 1_000 === 0) turn();
    restMs = called === count && live.size === 0 ? restMs + stepMs : 0;
  }
  for (const { cameAtMs, passes } of people) if (cameAtMs !== undefined && passes === 0) figures.insideWithNothing += 1;
  return {
    ...figures,
    called,
    seconds: (nowMs - restMs) / 1_000,
    longestStandstillS: longestMs / 1_000,
    passesOfOnePerson: Math.max(0, ...people.filter(({ isDone }) => isDone).map(({ passes }) => passes)),
  };
}
