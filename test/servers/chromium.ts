/** The browser that the shop's stories are told in. */
import { aptInstall, findProgram, missing, type Provision, run } from "./cache.ts";

export async function provisionChromium(): Promise<Provision> {
  const built = !findProgram("chromium");
  if (built) await aptInstall("chromium");
  const path = findProgram("chromium") ?? missing("chromium");
  const version = /[\d.]{5,}/.exec(await run(path, ["--version"], { timeoutMs: 30_000 }))?.[0] ?? "unknown";
  return { built, version, path };
}
