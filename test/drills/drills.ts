/** Lists the recovery drills, in the order in which one set of servers can have them all: a promoted replica stays. */
import type { Drill } from "./drill.ts";
import { logRetentionPassed, logTopicLost } from "./log-drills.ts";
import { postgresPointInTime, postgresReplicaPromoted, postgresRestored } from "./postgres-drills.ts";
import { redisLost, redisReplicaPromoted, redisTailLost } from "./redis-drills.ts";
import { temporalLost } from "./temporal-drill.ts";

export const drills: readonly Drill[] = [
  redisLost,
  redisTailLost,
  redisReplicaPromoted,
  logTopicLost,
  logRetentionPassed,
  temporalLost,
  postgresRestored,
  postgresPointInTime,
  postgresReplicaPromoted,
];
