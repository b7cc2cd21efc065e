/** `node scripts/keep-release.ts [COMMIT]`: keeps what this release promises, for the checks of the next one. */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { keptFile, presentFaces, type Release } from "./last-release.ts";

const [asked = "HEAD"] = process.argv.slice(2);
const commit = execFileSync("git", ["rev-parse", asked], { encoding: "utf8" }).trim();
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const release: Release = { version, commit, ...(await presentFaces()) };
await writeFile(keptFile, `${JSON.stringify(release, null, 1)}\n`);
console.log(`kept ${version} at ${commit.slice(0, 8)}`);
