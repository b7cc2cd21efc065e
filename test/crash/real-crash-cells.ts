/**
 * Crash points at which the real engines differ: after a process dies, the gate's state is still in Redis, the appended
 * records are in Kafka, and another process of the same service goes on.
 */
import { type Group, group } from "./cell.ts";
import type { MemberName } from "./real-stage.ts";
import type { ServerCell } from "./server-cells.ts";
import type { Chore } from "./staff.ts";

type Armed = { dies: MemberName; points: string; chore?: Chore; alsoArmed?: readonly [MemberName, string] };

const lost = ",log.append.acknowledged:error";
const ordersWaitLong = ["order1", "place.reserved:delay=9000"] as const;

export const realCrashGroups: readonly Group<ServerCell>[] = [
  group("H1: on the real servers, one of two processes killed during an order", [
    armed({ dies: "order1", points: "place.reserved:kill@6" }),
    armed({ dies: "order1", points: "log.append:kill@4" }),
    armed({ dies: "order1", points: "log.append.acknowledged:kill@4" }),
    armed({ dies: "order1", points: "place.appended:kill@6" }),
    armed({ dies: "order1", points: "place.marked:kill@6" }),
  ]),
  group("H4: on the real servers, killed while an order of unknown fate is voided", [
    armed({ dies: "order1", points: `place.voiding:kill@3${lost}` }),
    armed({ dies: "order1", points: `place.voided:kill@3${lost}` }),
    armed({ dies: "inventory", points: "sweep.claimed:kill@7", alsoArmed: ordersWaitLong }),
    armed({ dies: "inventory", points: "sweep.voided:kill@7", alsoArmed: ordersWaitLong }),
  ]),
  group("H1: on the real servers, killed at every step of settlement", [
    armed({ dies: "settlement", points: "settle.read:kill@2" }),
    armed({ dies: "settlement", points: "settle.before-commit:kill@2" }),
    armed({ dies: "settlement", points: "settle.committed:kill@2" }),
  ]),
  group("G7: on the real servers, killed while the gate is loaded in the middle of the sale", [
    armed({ dies: "inventory", points: "rebuild.closed:kill@1", chore: "rebuild" }),
    armed({ dies: "inventory", points: "rebuild.drained:kill@1", chore: "rebuild" }),
    armed({ dies: "inventory", points: "rebuild.fenced:kill@1", chore: "rebuild" }),
    armed({ dies: "inventory", points: "rebuild.installed:kill@1", chore: "rebuild" }),
  ]),
  group("H1: on the real servers, killed while the orders of a cancelled drop end", [
    armed({ dies: "inventory", points: "orders.one-of-all-ended:kill@2" }),
  ]),
  group("S8: on the real servers, killed while a late payment takes new units", [
    armed({ dies: "fulfilment", points: "restore.reserved:kill@1" }),
  ]),
];

function armed({ dies, points, chore, alsoArmed }: Armed): ServerCell {
  const [name = ""] = points.split(",");
  return {
    name: `${dies}: ${name.replace(":kill", "")}`,
    ...(chore && { chore }),
    async prepare(stage) {
      if (alsoArmed) await stage.rearm(...alsoArmed);
      await stage.rearm(dies, points);
    },
    async fault(stage, probe) {
      try {
        await stage.untilKilled(dies);
        probe();
      } finally {
        if (alsoArmed) await stage.rearm(alsoArmed[0]);
        await stage.rearm(dies);
      }
    },
  };
}
