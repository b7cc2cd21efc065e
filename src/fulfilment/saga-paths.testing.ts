/**
 * Tries every path that a story can take through a world. Each choice (which participant acts next, what fails, what
 * dies) is tried. A path is repeated from its beginning with the next choice at its last open fork, until no fork is
 * left; if two paths lead to the same state, only one of them goes on.
 */
import assert from "node:assert/strict";
import { fulfilOrders } from "./batch-saga.ts";
import { batchStepsOf } from "./batch-world.testing.ts";
import { type FulfilmentSteps, fulfil } from "./earlier-saga.ts";
import { type StepRequest, startTeller, type Tale, type Teller } from "./saga-teller.testing.ts";
import { createWorld, type Happening, type World } from "./saga-world.testing.ts";

export type Setting = {
  /** Each happens once, at any moment, even after the end. */
  happenings?: Happening[];
  /** How many tellers run the story at the same time. */
  tellers?: number;
  /** Sweeps that handle paid orders without an engine, each at any moment beside the tellers. */
  sweeps?: number;
  /** Attempts that fail, before or after their effect, and are repeated. */
  failures?: number;
  /** The opening of a payment is given up when it fails, as in earlier versions, whose runs still go to their end. */
  givesUpOpening?: true;
  /** Tellers that die, before or after the effect of a step; the next one begins again and remembers nothing. */
  deaths?: number;
  /** Steps that run twice, as after a lost answer. */
  twice?: ReadonlySet<keyof FulfilmentSteps>;
  nudgesAreLost?: boolean;
  story?: Tale;
  /** Runs of one order that an earlier version began, beside the tellers. */
  earlier?: number;
  /** The order's buyer may extend it. */
  extendable?: true;
};

/**
 * Returns the possible ends of the story.
 * @throws AssertionError with the path on which a unit or money was lost or doubled.
 */
export async function everyPath(setting: Setting): Promise<Set<string>> {
  const states = new Set<string>();
  const outcomes = new Set<string>();
  let choices: number[] | undefined = [];
  while (choices) {
    assert.ok(states.size < 50_000, "the setting has too many states to try them all");
    const forks = createForks(choices);
    const ended = await takePath(setting, forks.choose, (state) => forks.areOld() || isNew(states, state));
    for (const outcome of ended) outcomes.add(outcome);
    choices = forks.next();
  }
  return outcomes;
}

function isNew(states: Set<string>, state: string): boolean {
  const { size } = states;
  return states.add(state).size > size;
}

function createForks(choices: readonly number[]) {
  const taken: { choice: number; options: number }[] = [];
  return {
    choose<T>(options: readonly T[]): T {
      const choice = choices[taken.length] ?? 0;
      taken.push({ choice, options: options.length });
      return options[choice] as T;
    },
    /** Up to here this path is the same as the path before. */
    areOld: () => taken.length < choices.length,
    next(): number[] | undefined {
      const last = taken.findLastIndex(({ choice, options }) => choice + 1 < options);
      if (last < 0) return undefined;
      return taken.slice(0, last + 1).map(({ choice }, i) => (i === last ? choice + 1 : choice));
    },
  };
}

type Scene = {
  setting: Setting;
  world: World;
  tellers: Teller[];
  ahead: Set<Happening>;
  left: { failures: number; deaths: number };
};

type Move = { name: string; make(): Promise<void> };

/** Returns the tellers' results; nothing if the path reached a state that was seen before. */
async function takePath(
  setting: Setting,
  choose: (moves: readonly Move[]) => Move,
  isNewState: (state: string) => boolean,
): Promise<string[]> {
  const { tellers: count = 1, sweeps = 0, earlier = 0, failures = 0, deaths = 0, story = fulfil } = setting;
  const world = createWorld();
  const tales = [
    ...Array.from({ length: count }, () => story),
    ...Array.from({ length: sweeps }, () => sweep),
    ...Array.from({ length: earlier }, () => fulfil),
  ];
  const tellers = await Promise.all(tales.map((tale) => startTeller(tale, setting.extendable)));
  const scene: Scene = { setting, world, tellers, ahead: new Set(setting.happenings), left: { failures, deaths } };
  const path: string[] = [];
  try {
    for (;;) {
      const moves = [...tellers.flatMap((teller) => movesOf(scene, teller)), ...movesOfOthers(scene)];
      if (moves.length === 0) break;
      const move = choose(moves);
      path.push(move.name);
      await move.make();
      world.check();
      if (!isNewState(stateOf(scene))) return [];
    }
    for (const { outcome } of tellers) if (outcome !== swept) world.checkSettled(outcome as string);
  } catch (error) {
    throw new assert.AssertionError({ message: `${(error as Error).message}\non the path: ${path.join(" > ")}` });
  }
  return tellers.map(({ outcome }) => outcome as string).filter((outcome) => outcome !== swept);
}

const swept = "swept";

const sweep: Tale = async (order, steps) => {
  await fulfilOrders({ run: null, orderIds: [order.orderId] }, batchStepsOf(order, steps));
  return swept;
};

/**
 * All state on which the rest of a path depends. A story is pure, so the answers that its teller got determine where it
 * is.
 */
function stateOf({ world, tellers, ahead, left }: Scene): string {
  return JSON.stringify([world.state(), left, [...ahead], tellers.map(({ heard, hasNews }) => [heard, hasNews])]);
}

function movesOfOthers({ setting, world, tellers, ahead }: Scene): Move[] {
  return [...ahead].map((happening) => ({
    name: happening,
    async make() {
      ahead.delete(happening);
      world.happen(happening);
      for (const teller of tellers) teller.hasNews = !setting.nudgesAreLost;
    },
  }));
}

function movesOf(scene: Scene, teller: Teller): Move[] {
  const { request } = teller;
  if (!request) return [];
  if (request.step === "wait") return movesOfWaiting(scene, teller, request.untilMs);
  if (request.step === "endOrder" && scene.world.isExtendedPast()) return [timeOf(scene.world)];
  return movesOfStep(scene, teller, request);
}

function movesOfWaiting({ world }: Scene, teller: Teller, untilMs: number): Move[] {
  const nudge = { name: "nudge", make: () => teller.answer("nudged") };
  const deadline = {
    name: "deadline",
    make() {
      world.passTime(untilMs);
      return teller.answer("deadline");
    },
  };
  return teller.hasNews ? [nudge, deadline] : [deadline];
}

function timeOf(world: World): Move {
  return { name: "the later deadline", make: async () => world.passTime(world.payByMs()) };
}

function movesOfStep({ setting, world, left }: Scene, teller: Teller, { step, argument }: StepRequest): Move[] {
  const run = async (): Promise<unknown> => {
    if (setting.twice?.has(step)) await world.steps[step](argument);
    return world.steps[step](argument);
  };
  const fail = async () => {
    if (step !== "requestPayment" || !setting.givesUpOpening) return;
    world.giveUp();
    await teller.fail();
  };
  const mishap = (name: string, kind: keyof Scene["left"], hasEffect: boolean, then: () => Promise<void>): Move => ({
    name: `${step} ${name}`,
    async make() {
      left[kind] -= 1;
      if (hasEffect) await run();
      await then();
    },
  });
  const moves: Move[] = [{ name: step, make: async () => teller.answer(await run()) }];
  if (left.failures > 0) {
    moves.push(mishap("fails before its effect", "failures", false, fail));
    moves.push(mishap("fails after its effect", "failures", true, fail));
  }
  if (left.deaths > 0) {
    moves.push(mishap("is not reached by its teller, who dies", "deaths", false, teller.restart));
    moves.push(mishap("is done by its teller, who dies", "deaths", true, teller.restart));
  }
  return moves;
}
