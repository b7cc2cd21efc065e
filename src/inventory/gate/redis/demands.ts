/** Checks the gate's requirements for a Redis server. */
import type { RedisServer } from "#engines/redis";

export const gatePurpose = "hold the gate";

/** Why this server cannot hold the gate, and what to do; undefined if it can. */
export function refusalOf({ version, role, evictionPolicy }: RedisServer, cli: string): string | undefined {
  if (!(Number.parseInt(version, 10) >= 7)) {
    return sentences(
      `This Redis is version ${version}. Older than 7.0, it copies scripts to its replicas, and the gate could not tell`,
      "that one of them took over: install Redis 7.0 or later, or Valkey",
    );
  }
  if (role !== "master") return `This Redis is a replica (${role}) and takes no writes: set REDIS_HOST to its master`;
  if (evictionPolicy !== "noeviction") {
    return sentences(
      `This Redis has maxmemory-policy ${evictionPolicy}: once its memory is full it would throw stock away as if it were`,
      "a cache, and units would be sold twice or never. Set it to noeviction, in redis.conf and now by",
      `"${cli} config set maxmemory-policy noeviction"; a full Redis then refuses new orders instead`,
    );
  }
  return undefined;
}

function sentences(...lines: string[]): string {
  return lines.join(" ");
}
