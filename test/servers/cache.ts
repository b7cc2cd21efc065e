/**
 * Keeps the cache of the real servers: its place, how a program is found, and how one is built so that half a build
 * never counts.
 */
import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Outside the repository: one copy serves every checkout, and `git clean` does not cost three minutes of compiling. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dropgate", "servers");
export const binFolder = join(cacheFolder, "bin");

/** One server on this machine; `built` is false if it was there already. */
export type Provision = { built: boolean; version: string; path: string };

/** The cache comes before PATH, so that the programs that `provision.ts` built are the ones that run. */
export function findProgram(name: string, folders = [binFolder, ...(process.env.PATH ?? "").split(delimiter)]) {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function missing(server: string): never {
  throw new Error(`${server} is not on this machine yet: run "node scripts/provision.ts ${server}"`);
}

/**
 * Makes `<cache>/<name>` by `build`, which fills a folder of another name that is renamed when complete: an interrupted
 * download leaves nothing that looks finished. Does nothing if the folder exists.
 */
export async function buildOnce(name: string, build: (folder: string) => Promise<unknown>): Promise<boolean> {
  const target = join(cacheFolder, name);
  if (existsSync(target)) return false;
  mkdirSync(cacheFolder, { recursive: true });
  removeAbandoned();
  const folder = mkdtempSync(join(cacheFolder, building));
  try {
    await build(folder);
    // Another run may have finished first; its copy is as good as this one.
    if (!existsSync(target)) renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return true;
}

/**
 * Puts a program into the cache's `bin`; a process that looks meanwhile finds the old or the new one, never half of it.
 */
export function link(target: string, name: string): string {
  const path = join(binFolder, name);
  mkdirSync(binFolder, { recursive: true });
  rmSync(`${path}.new`, { force: true });
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
  return path;
}

type RunOptions = { timeoutMs: number; env?: Record<string, string>; uid?: number; gid?: number; cwd?: string };

/** @returns standard output. @throws Error with the command and its output. */
export function run(program: string, args: readonly string[], { env, ...options }: RunOptions): Promise<string> {
  const { timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const settings = { ...rest, env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 64 << 20 };
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const why = error.killed ? `gave up after ${timeoutMs / 1000} s` : `${stderr}${stdout}`.trim() || error.message;
      reject(new Error(`${program} ${args.join(" ")}: ${bothEnds(why)}`, { cause: error }));
    });
  });
}

let listsAreFresh = false;

/** Package lists of an image are often older than the mirror, so a failed install is tried again after one update. */
export async function aptInstall(...packages: string[]): Promise<void> {
  const apt = findProgram("apt-get");
  if (!apt || process.getuid?.() !== 0) throw new Error(`no apt-get as root here to install ${packages.join(" ")}`);
  const options = { timeoutMs: 600_000, env: { DEBIAN_FRONTEND: "noninteractive" } };
  const wait = ["-o", "DPkg::Lock::Timeout=120", "-q", "-y"];
  const install = () => run(apt, [...wait, "install", "--no-install-recommends", ...packages], options);
  if (listsAreFresh) return void (await install());
  await install().catch(async () => {
    await run(apt, [...wait, "update"], options);
    listsAreFresh = true;
    await install();
  });
}

/** Downloads Debian's packages into a folder and installs nothing; only an update of stale lists needs root. */
export async function aptDownload(folder: string, packages: readonly string[]): Promise<void> {
  const apt = findProgram("apt-get");
  if (!apt) throw new Error(`no apt-get here to download ${packages.join(" ")}`);
  const options = { timeoutMs: 300_000, cwd: folder };
  const download = () => run(apt, ["-q", "download", ...packages], options);
  await download().catch(async () => {
    await run(apt, ["-o", "DPkg::Lock::Timeout=120", "-q", "update"], options);
    await download();
  });
}

/** A Go program: one on PATH is used, else this version is built into the cache and linked. */
export async function goProgram(name: string, module: string, version: string, ldflags = ""): Promise<Provision> {
  const found = findProgram(name);
  if (found && !found.startsWith(binFolder)) return { built: false, version: "as found", path: found };
  const folder = `${name}-${version}`;
  const built = await buildOnce(folder, async (temporary) => {
    const go = findProgram("go");
    if (!go) throw new Error(`no ${name} and no go on PATH to build it with`);
    const install = ["install", `-ldflags=-s -w ${ldflags}`, `${module}@v${version}`];
    await run(go, install, { timeoutMs: 1_800_000, env: { GOBIN: temporary } });
  });
  // `go install` names the program after its module, without the major version at the end.
  const program = module.replace(/\/v\d+$/, "").replace(/^.*\//, "");
  const path = link(join(cacheFolder, folder, program), name);
  return { built, version, path };
}

/** Some tools print the cause first, others last. */
function bothEnds(text: string): string {
  const lines = text.trim().split("\n");
  return lines.length <= 6 ? lines.join("\n") : [...lines.slice(0, 3), "…", ...lines.slice(-3)].join("\n");
}

const building = ".building-";

/** A build that was killed could not clean up; none takes an hour. */
function removeAbandoned(): void {
  for (const name of readdirSync(cacheFolder).filter((entry) => entry.startsWith(building))) {
    const folder = join(cacheFolder, name);
    if (Date.now() - statSync(folder).mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
