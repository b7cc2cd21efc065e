/** Keeps the connections of one user of the cluster, one for each broker, opened when needed and again after a loss. */
import type { Cluster } from "./cluster.ts";
import type { Link } from "./link.ts";

export type Links = {
  /** @throws KafkaSilence */
  to(node: number): Promise<Link>;
  /** Closes all connections, also those being opened. */
  cut(): void;
};

export function createLinks(cluster: Cluster): Links {
  const links = new Map<number, Promise<Link>>();

  async function usable(node: number, opening: Promise<Link>): Promise<Link> {
    const link = await opening.catch((error) => {
      if (links.get(node) === opening) links.delete(node);
      throw error;
    });
    if (!link.broken) return link;
    if (links.get(node) === opening) links.delete(node);
    return to(node);
  }

  function to(node: number): Promise<Link> {
    const opening = links.get(node) ?? cluster.connect(node);
    links.set(node, opening);
    return usable(node, opening);
  }

  return {
    to,
    cut() {
      for (const opening of links.values()) opening.then((link) => link.cut()).catch(() => {});
      links.clear();
    },
  };
}
