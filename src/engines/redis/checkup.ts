/** Looks a Redis server over. Reads only. */
import { program } from "#platform/program";
import { clockOf, type Finding, fault, ok, warning } from "../finding.ts";
import { cliOf, type RedisAccess, type RedisUse } from "./access.ts";
import { connect } from "./client.ts";
import { viewOfSeeds } from "./cluster.ts";
import type { RedisServer } from "./server.ts";
import { slotCount } from "./slots.ts";

const withinMs = 5_000;
const fullShare = 0.9;

/** @throws if the server does not answer, or does not suit the use, with the setting to look at. */
export async function checkRedis(access: RedisAccess, use: RedisUse): Promise<Finding[]> {
  if (!access.cluster) return checkServer(access, use);
  const { primaries } = await viewOfSeeds({ ...access, ...use });
  const slots = primaries.flatMap((primary) => primary.slots).reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const findings: Finding[] = [];
  if (slots < slotCount) {
    const mend = `run \`${cliOf(access)} --cluster fix ${access.host}:${access.port}\`: products in those slots cannot be sold`;
    findings.push(fault("Redis", `${slotCount - slots} of the cluster's ${slotCount} slots have no node`, mend));
  }
  for (const { host, port } of primaries) findings.push(...(await checkServer({ ...access, host, port }, use)));
  return findings;
}

async function checkServer(access: RedisAccess, use: RedisUse): Promise<Finding[]> {
  const about = "Redis";
  const connection = await connect({ ...access, ...use }, withinMs);
  try {
    const { server } = connection;
    const [keys] = await connection.send("size", [["DBSIZE"]], withinMs);
    return [
      ok(about, `version ${server.version} at ${access.host}:${access.port}, ${keys} keys, suits the gate`),
      await clockOf(about, async () => {
        const [time] = await connection.send("time", [["TIME"]], withinMs);
        const [seconds, micros] = time as [string, string];
        return Number(seconds) * 1_000 + Number(micros) / 1_000;
      }),
      ...memoryOf(about, server),
    ];
  } finally {
    connection.end(new Error("looked over"));
  }
}

function memoryOf(about: string, { usedBytes, limitBytes, evictedKeys, hasAppendFile }: RedisServer): Finding[] {
  const mb = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`;
  const findings: Finding[] = [];
  if (evictedKeys > 0) {
    const mend = `run \`${program.name} sync --rebuild\`, then look for the change of maxmemory-policy that allowed it`;
    findings.push(fault(about, `has thrown ${evictedKeys} keys away since its start, which may have been stock`, mend));
  }
  if (limitBytes > 0 && usedBytes > fullShare * limitBytes) {
    const mend = "raise maxmemory: a full Redis refuses new orders";
    findings.push(warning(about, `uses ${mb(usedBytes)} of ${mb(limitBytes)}`, mend));
  } else {
    findings.push(ok(about, `uses ${mb(usedBytes)} of ${limitBytes > 0 ? mb(limitBytes) : "the machine's memory"}`));
  }
  if (!hasAppendFile) {
    const mend = "set appendonly yes, or accept that the shop closes for some seconds after each restart of Redis";
    findings.push(warning(about, "keeps nothing on disk, so a restart empties the gate until it is rebuilt", mend));
  }
  return findings;
}
