/** Finds the broker that coordinates a group, again whenever it has moved or is silent. */
import type { Cluster } from "./cluster.ts";
import { isRefusal, KafkaSilence } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";

export type Coordinator = {
  /** Gives `work` a connection to the coordinator, and its number. @throws what `work` throws, and KafkaSilence. */
  use<T>(work: (link: Link, node: number) => Promise<T>): Promise<T>;
};

export function createCoordinator(cluster: Cluster, links: Links, group: string): Coordinator {
  let node: number | undefined;
  return {
    async use(work) {
      try {
        node ??= await cluster.coordinatorOf(group);
        return await work(await links.to(node), node);
      } catch (error) {
        const moved = isRefusal(error, "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE");
        if (moved || error instanceof KafkaSilence) node = undefined;
        throw error;
      }
    },
  };
}
