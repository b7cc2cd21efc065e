/** `node scripts/keep-release.ts [COMMIT]`: keeps what this release promises, for the checks of the next one. */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { keptFile, presentFaces, type Release } from "./last-release.ts";
import { readOptions, refuse } from "./options.ts";

const help = `node scripts/keep-release.ts [COMMIT]

Writes scripts/last-release.json: the settings, events and migrations of this release, with its commit (HEAD).`;
const [asked = "HEAD"] = readOptions(help, { allowPositionals: true }).positionals;
const commit = commitOf(asked);
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const release: Release = { version, commit, ...(await presentFaces()) };
await writeFile(keptFile, `${JSON.stringify(release, null, 1)}\n`);
console.log(`kept ${version} at ${commit.slice(0, 8)}`);

function commitOf(name: string): string {
  try {
    return execFileSync("git", ["rev-parse", "--verify", "--quiet", `${name}^{commit}`], { encoding: "utf8" }).trim();
  } catch {
    return refuse(`${name} is no commit of this repository`);
  }
}
