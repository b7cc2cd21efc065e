/** Looks over the engines that the settings name, each by its adapter. One that fails hides none of the others. */
import { program } from "#platform/program";
import { withCauses } from "#platform/thrown";
import type { KafkaSettings, RedisSettings, SmtpSettings, TemporalSettings } from "./adapters.ts";
import type { DrandSettings } from "./beacon/drand.ts";
import { type Finding, fault } from "./finding.ts";
import type { KafkaUse } from "./log/kafka/checkup.ts";
import type { RedisUse } from "./redis/access.ts";
import { checkDatabase, type DatabaseUse } from "./sql/checkup.ts";

export type { Finding } from "./finding.ts";

export type CheckupOptions = {
  databases: readonly DatabaseUse[];
  redis: (RedisSettings & { use: RedisUse }) | undefined;
  kafka: (KafkaSettings & { use: KafkaUse }) | undefined;
  temporal: TemporalSettings | undefined;
  smtp: SmtpSettings | undefined;
  drand: DrandSettings | undefined;
};

export async function* checkEngines(options: CheckupOptions): AsyncGenerator<Finding> {
  const { databases, redis, kafka, temporal, smtp, drand } = options;
  for (const database of databases) yield* await guarded(database.about, () => checkDatabase(database));
  if (redis) {
    yield* await guarded("Redis", async () => {
      const { checkRedis } = await import("./redis/checkup.ts");
      return checkRedis({ ...redis, clientName: `${program.name}-doctor` }, redis.use);
    });
  }
  if (kafka) {
    yield* await guarded("Kafka", async () => {
      const { checkKafka } = await import("./log/kafka/checkup.ts");
      return checkKafka({ ...kafka, clientId: `${program.name}-doctor` }, kafka.use);
    });
  }
  if (temporal) {
    yield* await guarded("Temporal", async () => {
      const { checkTemporal } = await import("./workflows/temporal/checkup.ts");
      return checkTemporal(temporal);
    });
  }
  if (smtp) {
    yield* await guarded("mail server", async () => {
      const { checkSmtp } = await import("./mail/checkup.ts");
      return checkSmtp(smtp.url);
    });
  }
  if (drand) {
    yield* await guarded("drand", async () => {
      const { checkDrand } = await import("./beacon/checkup.ts");
      return checkDrand(drand);
    });
  }
}

async function guarded(about: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [fault(about, withCauses(error))];
  }
}
