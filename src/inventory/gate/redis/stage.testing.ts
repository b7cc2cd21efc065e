/** Prepares a `describe` over one Redis: the server, a gate on it, and for each test a product of its own. */
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import type { Gate, Reservation } from "../gate.ts";
import { memoryNonces, openTestGate, rebuilt, requestOf, startTestRedis, type TestRedis } from "./redis.testing.ts";

export type Stage = {
  redis: TestRedis;
  nonces: ReturnType<typeof memoryNonces>;
  gate: Gate;
  /** A new product for each test, loaded with ten units. */
  lamp: string;
  /** Opens the gate of another process, and shuts it down at the end. */
  open(server?: TestRedis): Promise<Gate>;
  /** Takes a unit of the lamp. */
  take(change?: Parameters<typeof requestOf>[1]): Promise<Reservation>;
};

type StageOptions = NonNullable<Parameters<typeof openTestGate>[2]> & {
  /** A gate for each test, in a life of its own. */
  newGates?: boolean;
};

/** `use` gets the stage before each test. */
export function onStage({ newGates = false, ...change }: StageOptions, use: (stage: Stage) => void): void {
  const opened: Gate[] = [];
  let redis: TestRedis;
  let nonces = memoryNonces();
  let gate: Gate | undefined;
  let lamps = 0;

  async function open(server = redis): Promise<Gate> {
    const one = await openTestGate(server, nonces, change);
    opened.push(one);
    return one;
  }

  before(async () => {
    redis = await startTestRedis();
  });
  after(async () => {
    for (const one of opened) await one.shutdown();
    await redis?.close();
  });
  beforeEach(async () => {
    if (newGates) nonces = memoryNonces();
    const current = newGates || !gate ? await open() : gate;
    gate = current;
    lamps += 1;
    const lamp = `lamp-${lamps}`;
    await rebuilt(current, lamp);
    use({
      redis,
      nonces,
      gate: current,
      lamp,
      open,
      async take(change) {
        const [answer] = await current.reserve([requestOf(lamp, change)]);
        assert.ok(answer?.kind === "reserved");
        return answer.reservation;
      },
    });
  });
}
