/**
 * Notices that a group rebalances, by one look a second at all groups of the process. A member learns it from the answer
 * to a heartbeat too, but then every member would have to send one each second: with eleven groups, two thirds of all
 * requests of a shop at rest.
 */
import { describeGroupsV5 } from "@platformatic/kafka";
import { startLoop } from "#platform/loop";
import type { Cluster } from "./cluster.ts";
import { type Coordinator, createCoordinator } from "./coordinator.ts";
import { check, KafkaSilence } from "./errors.ts";
import { type Answers, createGathered } from "./gathered.ts";
import { createLinks } from "./links.ts";

export type Rebalances = {
  /**
   * Calls `onDoubt` after each look that does not find the group stable with this member in it, or that fails. Returns
   * what ends the watching.
   */
  watch(membership: { group: string; memberId: string }, onDoubt: () => void): () => void;
  close(): Promise<void>;
};

type Watched = { group: string; memberId: string; coordinator: Coordinator; onDoubt(): void };

const lookEveryMs = 1_000;
const answerMs = 5_000;

export function createRebalances(cluster: Cluster): Rebalances {
  const links = createLinks(cluster);
  const watched = new Set<Watched>();
  const describe = createGathered(describeGroups);

  async function describeGroups(node: number, asked: readonly Watched[]): Promise<Answers<boolean>> {
    const link = await links.to(node);
    const answer = await link.ask(describeGroupsV5.api, answerMs, [...new Set(asked.map(({ group }) => group))], false);
    const found = new Map(answer.groups.map((each) => [each.groupId, each]));
    return asked.map(({ group, memberId }) => () => {
      const mine = found.get(group);
      if (!mine) throw new KafkaSilence(`no answer about group ${group}`);
      check(`look at group ${group}`, mine.errorCode);
      return mine.groupState === "Stable" && mine.members.some((member) => member.memberId === memberId);
    });
  }

  async function lookAt(one: Watched): Promise<void> {
    const isCalm = await one.coordinator.use((_, node) => describe(node, one)).catch(() => false);
    if (!isCalm && watched.has(one)) one.onDoubt();
  }

  const looking = startLoop({
    everyMs: lookEveryMs,
    work: async () => void (await Promise.all([...watched].map(lookAt))),
    // A look that fails is a doubt.
    onFault() {},
  });

  return {
    watch({ group, memberId }, onDoubt) {
      const one = { group, memberId, coordinator: createCoordinator(cluster, links, group), onDoubt };
      watched.add(one);
      return () => void watched.delete(one);
    },
    async close() {
      watched.clear();
      links.cut();
      await looking.stop();
    },
  };
}
