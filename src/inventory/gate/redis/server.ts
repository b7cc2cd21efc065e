/** What the gate asks of a Redis server, read from its INFO. */

export type RedisServer = {
  /** Of this process of the server: another one after each restart. */
  runId: string;
  version: string;
  /** Changes when a replica is promoted: the data of the new master may lack what the old one had answered. */
  replicationId: string;
  role: string;
  loading: boolean;
  evictionPolicy: string;
  isCluster: boolean;
};

export function serverFrom(info: string): RedisServer {
  const values = new Map(info.split("\r\n").map((line) => line.split(":", 2) as [string, string]));
  return {
    runId: values.get("run_id") ?? "unknown",
    version: values.get("redis_version") ?? "unknown",
    replicationId: values.get("master_replid") ?? "unknown",
    role: values.get("role") ?? "unknown",
    loading: values.get("loading") === "1",
    evictionPolicy: values.get("maxmemory_policy") ?? "unknown",
    isCluster: values.get("cluster_enabled") === "1",
  };
}

export const loadingRefusal = "Redis still reads its data";

/** Why this server cannot hold the gate, and what to do; undefined where it can. */
export function refusalOf({ version, loading, role, isCluster, evictionPolicy }: RedisServer): string | undefined {
  if (!(Number.parseInt(version, 10) >= 7)) {
    return sentences(
      `This Redis is version ${version}. Older than 7.0, it copies scripts to its replicas, and the gate could not tell`,
      "that one of them took over: install Redis 7.0 or later, or Valkey",
    );
  }
  if (loading) return `${loadingRefusal}: wait until it is done`;
  if (role !== "master") return `This Redis is a replica (${role}) and takes no writes: set REDIS_HOST to its master`;
  if (isCluster) {
    return "This Redis is a cluster's node, which Dropgate does not follow yet: set REDIS_HOST to a server of its own";
  }
  if (evictionPolicy !== "noeviction") {
    return sentences(
      `This Redis has maxmemory-policy ${evictionPolicy}: once its memory is full it would throw stock away as if it were`,
      "a cache, and units would be sold twice or never. Set it to noeviction, in redis.conf and now by",
      '"redis-cli config set maxmemory-policy noeviction"; a full Redis then refuses new orders instead',
    );
  }
  return undefined;
}

function sentences(...lines: string[]): string {
  return lines.join(" ");
}
