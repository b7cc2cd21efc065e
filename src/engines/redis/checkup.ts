/** Looks a Redis server over. Reads only. */
import { program } from "#platform/program";
import { clockOf, type Finding, fault, ok, warning } from "../finding.ts";
import type { RedisAccess, RedisUse } from "./access.ts";
import { connect } from "./client.ts";

const withinMs = 5_000;
const fullShare = 0.9;

/** @throws if the server does not answer, or does not suit the use, with the setting to look at. */
export async function checkRedis(access: RedisAccess, use: RedisUse): Promise<Finding[]> {
  const about = "Redis";
  const connection = await connect({ ...access, ...use }, withinMs);
  try {
    const [info, keys] = await connection.send("info", [["INFO"], ["DBSIZE"]], withinMs);
    return [
      ok(about, `version ${connection.server.version} at ${access.host}:${access.port}, ${keys} keys, suits the gate`),
      await clockOf(about, async () => {
        const [time] = await connection.send("time", [["TIME"]], withinMs);
        const [seconds, micros] = time as [string, string];
        return Number(seconds) * 1_000 + Number(micros) / 1_000;
      }),
      ...memoryOf(about, valuesOf(String(info))),
    ];
  } finally {
    connection.end(new Error("looked over"));
  }
}

function memoryOf(about: string, values: ReadonlyMap<string, string>): Finding[] {
  const number = (name: string) => Number(values.get(name) ?? 0);
  const [used, most, evicted] = [number("used_memory"), number("maxmemory"), number("evicted_keys")];
  const mb = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`;
  const findings: Finding[] = [];
  if (evicted > 0) {
    const mend = `run \`${program.name} sync --rebuild\`, then look for the change of maxmemory-policy that allowed it`;
    findings.push(fault(about, `has thrown ${evicted} keys away since its start, which may have been stock`, mend));
  }
  if (most > 0 && used > fullShare * most) {
    const mend = "raise maxmemory: a full Redis refuses new orders";
    findings.push(warning(about, `uses ${mb(used)} of ${mb(most)}`, mend));
  } else {
    findings.push(ok(about, `uses ${mb(used)} of ${most > 0 ? mb(most) : "the machine's memory"}, evicted no key`));
  }
  if (values.get("aof_enabled") !== "1") {
    const mend = "set appendonly yes, or accept that the shop closes for some seconds after each restart of Redis";
    findings.push(warning(about, "keeps nothing on disk, so a restart empties the gate until it is rebuilt", mend));
  }
  return findings;
}

function valuesOf(info: string): Map<string, string> {
  return new Map(info.split("\r\n").map((line) => line.split(":", 2) as [string, string]));
}
