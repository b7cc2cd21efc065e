/** Follows the switch and the gate in every process that takes orders, wherever the rest of inventory runs. */
import { type Loop, startLoop } from "#platform/loop";
import type { Gate } from "../gate/gate.ts";
import type { ModeFollower } from "./mode.ts";

export type FollowOptions = { gate: Gate; mode: ModeFollower; onFault(what: string, error: unknown): void };

/** Every process follows the switch within a second. */
const everyMs = 500;
/** No product has this id, so a call about it costs the gate next to nothing. */
const unknownProduct = "\u0000";

/**
 * Begins to follow; resolves once the mode is known. Services of one process share one follower, until the last one
 * stops.
 */
export type Follow = () => Promise<{ stop(): Promise<void> }>;

export function createFollow({ gate, mode, onFault }: FollowOptions): Follow {
  let users = 0;
  let loops: Loop[] = [];
  return async () => {
    await mode.refresh();
    users += 1;
    if (users === 1) {
      loops = [
        startLoop({ everyMs, work: () => mode.refresh(), onFault: (error) => onFault("mode", error) }),
        // While the gate does not answer, its connection is being repaired, and buyers get a refusal.
        startLoop({ everyMs, work: () => askGate(gate), onFault() {} }),
      ];
    }
    return {
      async stop() {
        users -= 1;
        if (users === 0) await Promise.all(loops.map((loop) => loop.stop()));
      },
    };
  };
}

/**
 * Calls the gate, so that a process notices a new life of its memory, begun by another process, before the first buyer
 * does. @throws GateUnavailable
 */
async function askGate(gate: Gate): Promise<void> {
  await gate.snapshot([unknownProduct]);
}
