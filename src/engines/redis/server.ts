/** Reads what a Redis server says about itself in its INFO. */

export type RedisServer = {
  /** Of this process of the server: a restart changes it. */
  runId: string;
  version: string;
  /** Changes when a replica is promoted: the new master may lack data that the old one had acknowledged. */
  replicationId: string;
  role: string;
  loading: boolean;
  evictionPolicy: string;
  isCluster: boolean;
  usedBytes: number;
  /** 0: no limit. */
  limitBytes: number;
  evictedKeys: number;
  /** Its append-only file is on. */
  hasAppendFile: boolean;
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
    usedBytes: Number(values.get("used_memory") ?? 0),
    limitBytes: Number(values.get("maxmemory") ?? 0),
    evictedKeys: Number(values.get("evicted_keys") ?? 0),
    hasAppendFile: values.get("aof_enabled") === "1",
  };
}
