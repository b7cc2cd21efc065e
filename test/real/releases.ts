/** Programs of other releases of this source, to run beside the present one: the last release, and one that comes later. */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { lastRelease } from "../../scripts/last-release.ts";
import type { Program } from "../support/fleet.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Why the last release cannot be run here; undefined if it can. */
export async function whyNoLastRelease(): Promise<string | undefined> {
  const { commit } = await lastRelease();
  const known = await run("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: root }).then(
    () => true,
    () => false,
  );
  return known
    ? undefined
    : `this clone has no commit ${commit}, the last release: it is shallow; git fetch --unshallow brings it`;
}

/** From the repository's own history, with the present packages. It has no pages, so that no build delays its start. */
export async function checkOutLastRelease(folder: string): Promise<Program> {
  const { commit } = await lastRelease();
  await mkdir(folder);
  const archive = join(folder, "source.tar");
  await run("git", ["archive", "--output", archive, commit, "src", "package.json", "openapi.json"], { cwd: root });
  await run("tar", ["-xf", archive, "-C", folder]);
  return programIn(folder);
}

/** The present source and one migration more. */
export async function makeLaterRelease(folder: string): Promise<Program> {
  await mkdir(folder);
  await cp(join(root, "src"), join(folder, "src"), { recursive: true });
  for (const file of ["package.json", "openapi.json"]) await cp(join(root, file), join(folder, file));
  const migrations = join(folder, "src", "desk", "migrations");
  const number = String((await readdir(migrations)).length + 1).padStart(3, "0");
  await writeFile(join(migrations, `${number}.do.later.sql`), "create table desk.later (id integer);\n");
  return programIn(folder);
}

async function programIn(folder: string): Promise<Program> {
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return [process.execPath, join(folder, "src", "cli", "cli.ts")];
}
