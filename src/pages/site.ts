/**
 * The built pages: where they are, and whether they can be shown yet. At the first start after their sources changed,
 * they are built by a child process of low priority, so that the API is up as soon as without them.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import type { Log } from "#platform/log";

export type SiteState = { is: "ready" } | { is: "building" } | { is: "missing"; says: string };

export type Site = {
  /** The folder of the built files, once the state is `ready`. */
  readonly folder: string;
  state(): SiteState;
  /** Resolves when nothing is being built any more. */
  settled: Promise<void>;
  /** Ends a build that is under way. */
  stop(): Promise<void>;
};

export type SiteOptions = {
  log: Pick<Log, "info" | "warn">;
  /** The project's folder: `web/` is in it. */
  root?: string;
};

const projectFolder = join(import.meta.dirname, "../..");

export function openSite({ log, root = projectFolder }: SiteOptions): Site {
  const folder = join(root, "web/dist");
  const builder = join(root, "web/build.ts");
  const isBuilt = existsSync(join(folder, "shop.html"));
  const canBuild = existsSync(builder) && existsSync(join(root, "node_modules/vite"));
  if (!canBuild) return unchanging(folder, isBuilt ? { is: "ready" } : { is: "missing", says: howToGetThem });
  const wanted = hashOfSources(root);
  if (isBuilt && builtFrom(folder) === wanted) return unchanging(folder, { is: "ready" });

  let state: SiteState = { is: "building" };
  let stopped = false;
  // In a process group of its own: Ctrl-C reaches this process alone, which then stops the build.
  const child = spawn(process.execPath, [builder, wanted], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  lowerPriority(child.pid);
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text) => (output += text));
  const settled = new Promise<void>((resolve) => {
    child.once("error", (error) => end(String(error)));
    child.once("close", (code, signal) => end(code === 0 ? undefined : `it ended with ${code ?? signal}`));
    function end(fault: string | undefined): void {
      resolve();
      if (stopped || state.is !== "building") return;
      state = fault === undefined ? { is: "ready" } : { is: "missing", says: buildFailed };
      if (fault === undefined) log.info("the pages are built");
      else log.warn("the pages could not be built", { fault, output: output.slice(-2_000) });
    }
  });
  return {
    folder,
    state: () => state,
    settled,
    async stop() {
      stopped = true;
      child.kill("SIGTERM");
      await settled;
    },
  };
}

const howToGetThem =
  "The pages of this shop are not built, and the packages that build them are not installed. Run npm ci without --omit=dev and start again. The API works without them.";
const buildFailed =
  "The pages of this shop could not be built: the log says why. npm run web:build shows it too. The API works without them.";

function unchanging(folder: string, state: SiteState): Site {
  return { folder, state: () => state, settled: Promise.resolve(), async stop() {} };
}

/** Of all that the built files are made from: the sources, and the versions of all packages. */
export function hashOfSources(root: string): string {
  const hash = createHash("sha256");
  const paths = globSync("web/**/*.*", { cwd: root }).filter((path) => !/^web\/dist/.test(path));
  for (const path of [...paths.toSorted(), "package-lock.json"]) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

function builtFrom(folder: string): string {
  const path = join(folder, "sources.txt");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not allow it: then it is built at the usual priority.
  }
}
