/**
 * Starts the real servers and keeps them until Ctrl-C: `node scripts/servers.ts [--folder DIR] [redis postgres kafka
 * temporal]`. `node scripts/provision.ts` installs missing ones.
 */
import { join } from "node:path";
import { exportsOf, type ServerName, serverNames, startServers } from "../test/servers/servers.ts";
import { readOptions, refuse } from "./options.ts";

const help = `node scripts/servers.ts [options] [${serverNames.join(" ")}]

Starts the named servers, or all, and keeps them until Ctrl-C. Prints the settings that name them.

  --folder DIR   where their data, ports and passwords are kept (.data/servers)`;

await runUntilStopped().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

async function runUntilStopped(): Promise<void> {
  const options = { folder: { type: "string", default: ".data/servers" } } as const;
  const { values, positionals } = readOptions(help, { options, allowPositionals: true });
  const unknown = positionals.filter((name) => !serverNames.includes(name as ServerName));
  if (unknown.length > 0) refuse(`unknown: ${unknown.join(", ")}. Choose from: ${serverNames.join(", ")}`);
  const which = positionals.length > 0 ? ([...new Set(positionals)] as ServerName[]) : serverNames;

  const begun = performance.now();
  const servers = await startServers({ folder: values.folder, which });
  for (const name of which) console.log(`${name.padEnd(10)}runs as process ${servers[name].pid}`);
  console.log(`\n${exportsOf(servers.env)}\n`);
  console.log(`Ready in ${((performance.now() - begun) / 1000).toFixed(1)} s. Ctrl-C stops them.`);

  const reported = new Set<ServerName>();
  setInterval(() => {
    for (const name of which) {
      if (servers[name].pid || reported.has(name)) continue;
      console.error(`${name} has ended; see ${join(values.folder, name, "server.log")}`);
      reported.add(name);
    }
  }, 1_000);
}
