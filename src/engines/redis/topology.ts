/** Reads the primaries of a Redis Cluster from the answer to CLUSTER NODES. */

export type Primary = {
  /** The cluster's name for the node; a restart keeps it. */
  id: string;
  host: string;
  port: number;
  /** Grows when the node takes slots over from another one. */
  epoch: number;
  /** First and last of each range. */
  slots: readonly (readonly [number, number])[];
};

/** As one node sees it. */
export type Topology = {
  primaries: readonly Primary[];
  /** The higher, the newer the view. */
  epoch: number;
};

/** @param askedAt the host of the node that answered: a node that is alone does not know its own address. */
export function topologyFrom(answer: string, askedAt: string): Topology {
  const primaries = answer.split("\n").flatMap((line): Primary[] => {
    const [id = "", address = "", flags = "", , , , epoch, , ...slots] = line.trim().split(" ");
    const has = flags.split(",");
    if (!has.includes("master") || has.includes("handshake") || has.includes("noaddr")) return [];
    const [at = "", hostname] = address.split(",");
    const [, ip, port] = /^(.*):(\d+)(?:@\d+)?$/.exec(at) ?? [];
    return [{ id, host: hostname || ip || askedAt, port: Number(port), epoch: Number(epoch), slots: rangesOf(slots) }];
  });
  return { primaries, epoch: Math.max(0, ...primaries.map(({ epoch }) => epoch)) };
}

/** "0-5460", "7000"; slots on their way, as "[5461->-id]", are listed with the node that has them. */
function rangesOf(texts: readonly string[]): (readonly [number, number])[] {
  return texts.flatMap((text) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
    return first === undefined ? [] : [[Number(first), Number(last)] as const];
  });
}

/** "MOVED 3999 10.0.0.5:6379", "ASK 3999 10.0.0.5:6379"; an empty host is that of the node that answered. */
export function redirectionFrom(message: string, askedAt: string): { address: string; asking: boolean } | undefined {
  const [, kind, host, port] = /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(message) ?? [];
  return kind === undefined ? undefined : { address: `${host || askedAt}:${port}`, asking: kind === "ASK" };
}
