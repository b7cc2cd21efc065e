/**
 * Runs one recovery drill: buyers order, a server loses its data, an operator recovers it by the commands of the runbook,
 * everything comes to rest, and the laws are checked.
 */
import { isFinal, type Status } from "#orders";
import { goOn, within } from "#platform/deadline";
import { plural } from "#platform/plural";
import { mayFollow } from "../../src/orders/may-follow.testing.ts";
import { sendCrowd } from "../crash/crowd.ts";
import { watch } from "../crash/staff.ts";
import { askUntilAnswered, untilAtRest } from "../crash/trial.ts";
import type { Evidence } from "../laws/evidence.ts";
import { isRefused } from "../laws/orders.ts";
import type { Wish } from "../laws/wish.ts";
import { until } from "../support/until.ts";
import type { DrillStage } from "./stage.ts";
import { verdictOf } from "./verdict.ts";

export type Drill = {
  name: string;
  /** The damage, in a sentence. */
  title: string;
  /** The page with the steps. */
  runbook: string;
  /** Real tests that hold the same loss in more ways, so that CI runs them in place of the drill. */
  heldBy?: string;
  /** Before the first order. */
  prepare?(scene: Scene): Promise<void>;
  /** Things that no part of the system has any more afterwards, in sentences. */
  losses?: readonly string[];
  /** The books are older than the log afterwards: reconcile says so until the gate is rebuilt, and cancellations are lost. */
  booksGoBack?: true;
  /** Damages the server, and recovers. */
  damage(scene: Scene): Promise<void>;
};

export type Scene = {
  stage: DrillStage;
  productId: string;
  /** Prints a step. */
  say(step: string): void;
  /** To be called when the damage is done: the time to recover begins. */
  damaged(): void;
  /** The answered 202 of all buyers so far. */
  accepted(): number;
};

export type DrillResult = {
  name: string;
  /** The longest time after the damage in which no order was accepted: with the operator's commands. */
  recoveryMs: number;
  /** From the damage until every order has its end and gate and books agree. */
  restMs: number;
  figures: { accepted: number; confirmed: number; endedOtherwise: number; takenBack: number; refunded: number };
  lost: readonly string[];
  /** Broken laws, with their first violations; empty if the system is whole again. */
  broken: string[];
};

const limitPerCustomer = 2;
const stock = 5_000;
/** They come until the shop has recovered. */
const buyers = { count: 3_000, everyMs: 250 };
const acceptedBefore = 25;
const acceptedAfter = 15;
/** After the recovery, buyers without an answer give up. */
const patientForMs = 30_000;

export async function runDrill(stage: DrillStage, drill: Drill, say: (step: string) => void): Promise<DrillResult> {
  const name = `${drill.name}-${Math.floor(Math.random() * 1e6).toString(36)}`;
  const productId = await stage.newProduct(limitPerCustomer, stock);
  let damagedAtMs = Number.NaN;
  /** Samples of reconcile that were taken before. */
  let damagedAt = 0;
  let open = true;
  const scene: Scene = {
    stage,
    productId,
    say,
    damaged() {
      damagedAtMs = Date.now();
      damagedAt = watching.samples.length;
    },
    accepted: () => acceptedIn(crowd.wishes).length,
  };
  await drill.prepare?.(scene);
  const untilMs = Number.POSITIVE_INFINITY;
  const { as, means } = stage;
  const crowd = sendCrowd({ as, means, productId, name, random: Math.random, untilMs, ...buyers });
  const watching = watch(stage.admin, [productId], () => open);
  try {
    await until(() => scene.accepted() >= acceptedBefore && crowd.shown.length > 0, { withinMs: 60_000, everyMs: 50 });
    await drill.damage(scene);
    const recoveredAt = await watching.countSoFar();
    const { wish } = await askUntilAnswered(stage, productId, `${name}-probe`, stage.recoverWithinMs);
    const then = scene.accepted();
    await until(() => scene.accepted() >= then + acceptedAfter, { withinMs: 60_000, everyMs: 50 });
    crowd.close();
    const late = setTimeout(crowd.stop, patientForMs);
    await crowd.done;
    clearTimeout(late);
    const rested = await untilAtRest(stage, [productId]);
    const restMs = Date.now() - damagedAtMs;
    open = false;
    await within(10_000, watching.done, goOn);
    const { samples } = watching;
    const { broken, evidence, forgotten } = await verdictOf({
      ...stage,
      products: [{ productId, limitPerCustomer }],
      crowd,
      samples: drill.booksGoBack ? [...samples.slice(0, damagedAt), ...samples.slice(recoveredAt)] : samples,
      lateWish: wish,
      cancellationsAreLost: drill.booksGoBack ?? false,
    });
    if (!rested) broken.unshift("it did not come to rest");
    return {
      name: drill.name,
      recoveryMs: standstillMs([...crowd.wishes, wish], damagedAtMs),
      restMs,
      figures: figuresOf(evidence),
      lost: [...(drill.losses ?? []), ...forgotten, ...changedEnds(evidence)],
      broken,
    };
  } finally {
    open = false;
    crowd.stop();
  }
}

function acceptedIn(wishes: readonly Wish[]) {
  return wishes.filter(({ attempts }) => attempts.some(({ told }) => told === "ok"));
}

/** The longest time without an accepted order, from the moment on. */
function standstillMs(wishes: readonly Wish[], fromMs: number): number {
  const accepts = wishes.flatMap(({ attempts }) =>
    attempts.flatMap(({ told, endedMs = 0 }) => (told === "ok" && endedMs > fromMs ? endedMs : [])),
  );
  const times = [fromMs, ...accepts].toSorted((a, b) => a - b);
  return Math.max(0, ...times.slice(1).map((atMs, i) => atMs - (times[i] ?? atMs)));
}

function figuresOf(evidence: Evidence) {
  const { wishes, orders, payments } = evidence;
  const confirmed = orders.filter(({ status }) => status === "CONFIRMED").length;
  return {
    accepted: acceptedIn(wishes).length,
    confirmed,
    endedOtherwise: orders.length - confirmed,
    /** Buyers saw another end of it than the one that it has now, which no rule allows. */
    takenBack: new Set(otherEnds(evidence).flatMap(({ orderId, isAllowed }) => (isAllowed ? [] : [orderId]))).size,
    refunded: payments.filter(({ state }) => state === "refunded" || state === "voided").length,
  };
}

/** Orders whose buyers saw another end than the one that they have now. The law "ended and taken back" says which are allowed. */
function otherEnds({ history, orders }: Evidence) {
  const orderOf = new Map(orders.map((order) => [order.orderId, order]));
  return history.flatMap((seen) => {
    const now = orderOf.get(seen.orderId);
    if (!now || !isFinal(seen.status as Status) || now.status === seen.status) return [];
    const isAllowed = isRefused(seen) || mayFollow(seen.status as Status, now.status as Status);
    return [{ orderId: seen.orderId, isAllowed, says: `${nameOf(seen)} was seen, and it is ${nameOf(now)}` }];
  });
}

/** The changes of ends that the laws allow, as losses: people were told something else. */
function changedEnds(evidence: Evidence): string[] {
  const says = otherEnds(evidence).flatMap((one) => (one.isAllowed ? [one.says] : []));
  return [...Map.groupBy(says, (text) => text)].map(
    ([text, all]) => `${plural(all.length, "order", "orders")}: ${text}`,
  );
}

function nameOf({ status, reason }: { status: string; reason: string | null }): string {
  return reason === null ? status : `${status} (${reason})`;
}

export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
