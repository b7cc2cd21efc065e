/** Durable stories: one process runs each, and another one runs it again from its beginning if that one died. */
import { type Steps, type Story, stepPatience, type Workflows } from "#engines/workflows";
import { pauseAfter } from "#platform/backoff";
import type { Network, Process } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

type Run = {
  id: string;
  input: unknown;
  teller: Process | undefined;
  outcome: string | undefined;
  nudged: boolean;
  ended: PromiseWithResolvers<string>;
  /** Ended by an operator: it requests no further step. */
  isTerminated: boolean;
  wake(): void;
};
type Teller = { process: Process; tell(run: Run): void };

export type WorkflowServer = {
  runs: Map<string, Run>;
  tellers: Teller[];
};

export function createWorkflowServer(): WorkflowServer {
  return { runs: new Map(), tellers: [] };
}

/** An operator ends every run. */
export function terminateAll(server: WorkflowServer): void {
  for (const run of server.runs.values()) run.isTerminated = true;
}

/** Another process continues the runs of a dead one. */
export function resume(server: WorkflowServer, random: Random): void {
  const living = server.tellers.filter(({ process }) => !process.dead);
  if (living.length === 0) return;
  for (const run of server.runs.values()) {
    if (run.isTerminated || run.outcome !== undefined || (run.teller && !run.teller.dead)) continue;
    const teller = random.pick(living);
    run.teller = teller.process;
    teller.tell(run);
  }
}

export type WorkflowWires = { timeline: Timeline; random: Random; network: Network };

export function openWorkflows<Input, S extends Steps>(
  server: WorkflowServer,
  { timeline, random, network }: WorkflowWires,
  process: Process,
  story: Story<Input, S>,
): Workflows<Input> {
  const sleep = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));

  function patient(name: string): Steps[string] {
    return async (input) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await (story.steps[name] as Steps[string])(input);
        } catch {
          // It is repeated until it succeeds.
        }
        const { firstPauseMs, pauseFactor, longestPauseMs } = stepPatience;
        await sleep(pauseAfter(attempt, { firstMs: firstPauseMs, longestMs: longestPauseMs, factor: pauseFactor }));
      }
    };
  }

  const stepsOf = (run: Run) => {
    const unlessTerminated =
      (step: Steps[string]): Steps[string] =>
      (input) =>
        run.isTerminated ? new Promise<never>(() => {}) : step(input);
    const names = Object.keys(story.steps);
    return Object.fromEntries(names.map((name) => [name, unlessTerminated(patient(name))])) as S;
  };

  async function tell(run: Run): Promise<void> {
    const waitForNudge = (untilMs: number) =>
      new Promise<"nudged" | "deadline">((resolve) => {
        const end = (how: "nudged" | "deadline") => {
          cancel();
          run.wake = () => {};
          run.nudged = false;
          resolve(how);
        };
        const cancel = timeline.after(untilMs - timeline.now(), () => end("deadline"));
        run.wake = () => end("nudged");
        if (run.nudged) run.wake();
      });
    const outcome = await story.tell(run.input as Input, stepsOf(run), waitForNudge);
    if (process.dead) return;
    run.outcome = outcome;
    run.ended.resolve(outcome);
  }

  server.tellers = server.tellers.filter((one) => !one.process.dead);
  server.tellers.push({ process, tell: (run) => void tell(run) });
  timeline.after(0, () => resume(server, random));

  const unanswered = () => new Error("the workflow engine did not answer");
  return {
    smallRunsAtOnce: 1,
    start: (id, input) =>
      network.call({
        process,
        says: "start a saga",
        effect() {
          const known = server.runs.get(id);
          const ended = known?.ended ?? Promise.withResolvers<string>();
          if (!known) {
            const begun = { teller: undefined, outcome: undefined, nudged: false, isTerminated: false, wake() {} };
            server.runs.set(id, { id, input, ended, ...begun });
            timeline.after(random.next() * 50, () => resume(server, random));
          }
          return { ended: () => ended.promise };
        },
        unanswered,
      }),
    nudge: (id) =>
      network.call({
        process,
        says: "nudge a saga",
        effect() {
          const run = server.runs.get(id);
          if (!run) return;
          run.nudged = true;
          run.wake();
        },
        unanswered,
      }),
    outcome: async (id) => server.runs.get(id)?.outcome,
    async answers() {},
    async close() {},
  };
}
