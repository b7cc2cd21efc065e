/** One schedule: a small sale, its accidents, the calm after it. All of it follows from the seed. */
import { losePart } from "../../src/inventory/gate/lost-part.testing.ts";
import type { Part } from "../../src/inventory/gate/state.ts";
import { createJudge, type Judgement } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { rareDeeds } from "./bank.ts";
import { operatorsOf } from "./drops.ts";
import { createOnlooker } from "./evidence.ts";
import { lineOf, runLine } from "./line.ts";
import { wake } from "./log.ts";
import { isSettled, loseBeginning, loseTail, makeAnew, type Settled } from "./log-broker.ts";
import { machineFaultsOf } from "./machines.ts";
import { buy, buyInPeace, createPeople, enter, insist, type People, refund, sleep, tellPrice } from "./people.ts";
import type { Planted } from "./planted.ts";
import { pricesOf } from "./prices.ts";
import { createRandom, type Random } from "./random.ts";
import { nameOfMark } from "./sql/orders.ts";
import type { Recorder } from "./sql/record.ts";
import { onlooker } from "./sql/tables.ts";
import { createTimeline, takeOverTimers } from "./timeline.ts";
import { terminateAll } from "./workflows.ts";
import { type Copy, createWorld, topics, type World } from "./world.ts";

export type ScheduleResult = {
  seed: number;
  steps: number;
  virtualMs: number;
  orders: number;
  requests: number;
  faults: Map<string, number>;
  violation: Violation | undefined;
  /** The events, if they were recorded. */
  trace: string[];
};

/** The broken law, or another fault of the schedule. */
export type Violation = {
  law: string;
  about: "units" | "money" | "orders" | "drops" | "line" | "rest" | "schedule";
  says: string;
};

export type ScheduleOptions = {
  seed: number;
  planted?: Planted | undefined;
  keepTrace?: boolean;
  /** Gets every statement and its twin's answer. */
  record?: Recorder;
};

/** How long a schedule has faults, and how long it may then take to come to rest, milliseconds of virtual time. */
const troubleMs = 8_000;
const restMs = 150_000;
const tooManySteps = 60_000;
/** While a server is down. */
const stepsASecond = 1_000;

export async function runSchedule({
  seed,
  planted,
  keepTrace = false,
  record,
}: ScheduleOptions): Promise<ScheduleResult> {
  const random = createRandom(seed);
  const timeline = createTimeline();
  const giveBack = takeOverTimers(timeline, random);
  const world = createWorld({ timeline, random, keepTrace, planted, record });
  const people = createPeople(seed);
  const beganMs = timeline.now();
  let violation: ScheduleResult["violation"];
  let isResting = false;
  let looked = 0;
  let rested = "";

  const onlooking = createOnlooker(world, people);
  const judge = createJudge(laws);
  const judgeAtRest = createJudge(laws);

  function look(): void {
    if (world.unknown) violation ??= faultOf(world.unknown);
    if (world.changes === looked || violation) return;
    looked = world.changes;
    const [broken] = judge(onlooking.inMotion());
    if (broken) violation = violationOf(broken, broken.law.about);
  }

  function unrest(): Violation | undefined {
    const [broken] = judgeAtRest(onlooking.atRest());
    return broken && violationOf(broken, "rest");
  }

  /** Whether everything has come to rest; evaluated after every step, so only if something has changed. */
  function isAtRest(): boolean {
    const now = `${world.changes} ${people.underWay} ${world.bank.undelivered}`;
    if (!isResting || now === rested || people.underWay + world.bank.undelivered > 0) return false;
    rested = now;
    return unrest() === undefined;
  }

  const goesOn = () => {
    const isInTime = timeline.now() - beganMs < troubleMs + restMs + world.extraMs;
    return !violation && isInTime && timeline.steps() < tooManySteps + (world.extraMs / 1_000) * stepsASecond;
  };
  try {
    const story = tell(world, people, random, { seed, planted }).then(() => {
      isResting = true;
    });
    story.catch((error) => {
      violation ??= faultOf(String(error?.stack ?? error));
    });
    await timeline.run(() => goesOn() && !isAtRest(), look);
    violation ??= unrest();
    if (!isResting) violation ??= { law: "rest", about: "rest", says: "people are still waiting for an answer" };
  } finally {
    giveBack();
    for (const { process } of world.copies) process.dead = true;
  }
  const faults = new Map([...world.faults, ...world.network.counts]);
  const orders = world.books.tables.orders.committed().length;
  return {
    seed,
    steps: timeline.steps(),
    virtualMs: timeline.now() - beganMs,
    orders,
    faults,
    violation,
    trace: world.trace,
    requests: people.wishes.reduce((all, { attempts }) => all + attempts.length, 0),
  };
}

function violationOf({ law, breaches }: Judgement, about: Violation["about"]): Violation {
  return { law: law.name, about, says: breaches.map(({ shows }) => shows).join("; ") };
}

function faultOf(says: string): Violation {
  return { law: "the schedule runs", about: "schedule", says };
}

/** Ends once the faults are over and people have ordered without faults. */
async function tell(world: World, people: People, random: Random, options: ScheduleOptions): Promise<void> {
  const { seed, planted } = options;
  const { network, timeline } = world;
  timeline.lateness.ms = random.pick([100, 500, 1_200]);
  network.weather.latencyMs = random.pick([2, 10, 80]);
  // A planted bug is searched for in the schedules with most faults.
  const faults = planted ? 0.12 : random.pick([0, 0.01, 0.04, 0.1]);

  const products = random.chance(0.7) ? ["lamp"] : ["lamp", "vase"];
  const line = lineOf(world, seed);
  world.line = line;
  for (let i = random.between(1, 3); i > 0; i -= 1) world.startCopy(`copy ${i}`);
  const limit = random.pick([null, null, 1, 2]);
  for (const productId of products) {
    await tellPrice(world, productId, 1, limit);
    await enter(world, people, productId, random.between(1, 5), "first");
  }
  await untilOpen(world, products);
  network.weather.faults = faults;
  const plan: Plan = { losesLog: false };
  const acts = [
    ...buyersOf(world, people, products),
    ...adminsOf(world, people, products, { limit, plan }),
    ...pricesOf(world, people, products, { limit, seed, restart: (copy) => restart(world, copy) }),
    ...moneyActsOf(world, people, seed),
    ...operatorsOf(world, people, products, seed),
    ...(line ? [() => runLine(world, people, line)] : []),
    ...accidentsOf(world, plan, planted),
  ];
  const done = Promise.all(
    acts.map(async (act) => {
      await sleep(world, random.next() * troubleMs * 0.7);
      await act();
    }),
  );
  await sleep(world, troubleMs);

  // The calm: faults stop, and everything that was begun comes to its end.
  world.note("*** peace");
  network.weather.faults = 0;
  timeline.lateness.ms = 1_200;
  const isOpen = () => {
    const row = world.books.tables.mode.get(onlooker, "the mode");
    return row?.mode === "gatekeeper" && row.ready;
  };
  const open = async () => {
    // Only if a step left it otherwise: a switch is a rebuild, which would repair state that must end by itself.
    while (!isOpen()) {
      await insist(
        world,
        people,
        async (copy) => (await copy.inventory.agreement.mode.switchTo("gatekeeper", "ann")).ok,
      );
    }
  };
  // An earlier request to switch may still arrive.
  let isOver = false;
  const over = done.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await open();
    await sleep(world, 1_000);
  }
  await over;
  await open();
  await buyInPeace(world, people);
}

async function untilOpen(world: World, products: readonly string[]): Promise<void> {
  while (!products.every((productId) => world.gate.state.get(productId)?.open)) await sleep(world, 200);
}

type Act = () => Promise<void>;
/** `losesLog`: the only copy of an accepted order may be at the gate. */
type Plan = { losesLog: boolean };
type Terms = { limit: number | null; plan: Plan };

function buyersOf(world: World, people: People, products: readonly string[]): Act[] {
  const { random } = world;
  return Array.from({ length: random.between(2, 8) }, () => {
    const buyer = random.pick(["ada", "bob", "eve", "joe", "kim"]);
    const productId = random.pick(products);
    return () => buy(world, people, buyer, productId);
  });
}

function adminsOf(world: World, people: People, products: readonly string[], { limit, plan }: Terms): Act[] {
  const { random } = world;
  const productId = random.pick(products);
  const acts: Act[] = [
    () => enter(world, people, productId, random.between(1, 3), "second"),
    () => enter(world, people, productId, -random.between(1, 3), "out"),
    async () => {
      await Promise.all([tellPrice(world, productId, 3, limit), tellPrice(world, productId, 2, limit)]);
    },
    () => insist(world, people, async (copy) => (await copy.inventory.agreement.sync(random.chance(0.5))).length > 0),
    async () => {
      const sync = () => insist(world, people, async (copy) => (await copy.inventory.agreement.sync(true)).length > 0);
      await Promise.all([sync(), sync()]);
    },
    async () => {
      const picked = random.pick(["sync", "closed"] as const);
      // Sales without the gate would sell the units of that copy, while the gate is away: ADR 0016.
      const to = plan.losesLog ? "closed" : picked;
      await insist(world, people, async (copy) => (await copy.inventory.agreement.mode.switchTo(to, "ann")).ok);
    },
    () =>
      insist(world, people, async (copy) => {
        const { products: reports } = await copy.inventory.agreement.reconciliation.run();
        people.samples.push(
          ...reports.map(({ productId, status, drift, explanation }) => ({ productId, status, drift, explanation })),
        );
        world.changes += 1;
        return true;
      }),
  ];
  return acts.filter(() => random.chance(0.35));
}

/** Later actions about money, once there are paid orders. */
function moneyActsOf(world: World, people: People, seed: number): Act[] {
  const { random } = world;
  const later = (act: () => void | Promise<void>) => async () => {
    await sleep(world, random.next() * 20_000);
    await act();
  };
  const byHand = later(() => {
    const deed = world.bank.doByHand();
    if (deed) world.count(`by hand at the bank: ${deed}`);
  });
  // Chance of its own, so that the other schedules stay what they are.
  const chance = createRandom(seed ^ 0xba4c_0000);
  const rare = chance.chance(0.25) ? [() => rareDeed(world, people, chance)] : [];
  return [...[byHand, byHand, byHand, later(() => refund(world, people))].filter(() => random.chance(0.35)), ...rare];
}

/** Waits for a charge with which it is possible. */
async function rareDeed(world: World, people: People, chance: Random): Promise<void> {
  const deed = chance.pick(rareDeeds);
  people.underWay += 1;
  for (let tries = 0; tries < 400; tries += 1) {
    if (world.bank.doByHand(deed)) {
      world.count(`by hand at the bank: ${deed}`);
      break;
    }
    await sleep(world, 50);
  }
  people.underWay -= 1;
}

function accidentsOf(world: World, plan: Plan, planted: Planted | undefined): Act[] {
  const { random, timeline, books, gate, log } = world;
  const away = (what: string, server: { isDown: boolean }) => async () => {
    world.count(`${what} away`);
    server.isDown = true;
    await sleep(world, random.next() * 4_000);
    server.isDown = false;
  };
  const killOne = (copy: Copy | undefined): void => {
    if (copy) restart(world, copy);
  };
  const kill: Act = async () => killOne(random.pick(world.copies));
  const paymentAway: Act = async () => {
    world.count("the payment books away");
    books.server.away.add("payment");
    // Shorter than the payment window, and longer than a few attempts.
    await sleep(world, 3_000 + random.next() * 6_000);
    books.server.away.delete("payment");
  };
  const terminate: Act = async () => {
    world.count("an operator ends all runs");
    terminateAll(world.workflows);
  };
  const acts = [kill, kill, away("the gate", gate), away("the books", books.server), paymentAway, terminate];
  acts.push(...machineFaultsOf(world, planted));
  const chosen = acts.filter(() => random.chance(0.4));
  // The log's copy of an order may be lost, or the gate's, but not both: docs/guide/protocol.md, I6.
  const loss = planted === "unstamped-keys" ? "keys" : random.pick(["none", "gate", "keys", "log"]);
  plan.losesLog = loss === "log";
  if (loss === "keys") {
    for (let i = random.between(1, 3); i > 0; i -= 1) chosen.push(async () => loseKey(world, planted));
  }
  const reservations = topics.reservations;
  const settled: Settled = ({ incarnation }, partition) =>
    BigInt(books.tables.settled.get(onlooker, nameOfMark({ topic: reservations, partition, incarnation }))?.next ?? 0);
  const look = () => wake(log, reservations, { timeline, random, network: world.network });
  const loseEvents = (lost: number) => {
    for (let i = 0; i < lost; i += 1) world.count("the log loses an event");
    look();
  };
  if (random.chance(0.4)) log.holes = 0.5;
  if (loss === "gate") {
    chosen.push(async () => {
      const old = structuredClone(gate.state);
      await sleep(world, random.next() * 2_000);
      world.count("the gate loses its memory");
      gate.state = old;
      gate.losses += 1;
      gate.alive = planted === "eval-fallback";
      gate.onChange();
    });
  }
  if (loss === "log") {
    chosen.push(async () => {
      const lose = random.pick([
        () => loseTail(log, reservations, settled),
        () => loseBeginning(log, reservations),
        () => makeAnew(log, reservations),
      ]);
      loseEvents(lose());
    });
  }
  if (loss !== "log" && (planted === "marks-by-name" || random.chance(0.4))) {
    chosen.push(async () => {
      for (let tries = 0; tries < 20 && !isSettled(log, reservations, settled); tries += 1) await sleep(world, 100);
      if (!isSettled(log, reservations, settled)) return;
      world.count("the log is made anew at rest");
      makeAnew(log, reservations);
      look();
    });
  }
  // Longer than a payment window, and than the longest age of a pending change.
  if (planted === "looks-back-a-minute" || random.chance(0.03)) {
    chosen.push(async () => {
      world.count("the gate away for minutes");
      gate.isDown = true;
      const awayMs = random.between(65_000, 150_000);
      world.extraMs += awayMs;
      await sleep(world, awayMs);
      // A process loses its knowledge of the changes meanwhile, and the next one must read the books.
      if (planted === "looks-back-a-minute" || random.chance(0.5)) for (const copy of [...world.copies]) killOne(copy);
      gate.isDown = false;
    });
  }
  if (random.chance(0.3)) {
    chosen.push(async () => {
      world.count("consumers change places");
      log.generation += 1;
      look();
    });
  }
  return chosen;
}

function restart(world: World, copy: Copy): void {
  world.kill(copy);
  world.timeline.after(world.random.next() * 3_000, () => world.startCopy(`${copy.process.name}'`));
}

/** A key of one product is deleted by hand, or evicted, and the others stay. */
function loseKey({ gate, random, count }: World, planted: Planted | undefined): void {
  const [productId, product] = random.pick([...gate.state]) ?? [];
  if (!gate.alive || !productId || !product) return;
  const part = random.pick<Part | "figures">(["figures", "records", "ages", "held"]);
  count(`the gate loses the ${part} of a product`);
  gate.losses += 1;
  if (part === "figures") gate.state.delete(productId);
  else {
    const { parts } = product;
    losePart(product, part);
    if (planted === "unstamped-keys") product.parts = parts;
  }
  gate.onChange();
}
