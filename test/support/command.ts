/** Runs the real command line as a child process, in a folder of its own that holds no `.env`. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

const cli = fileURLToPath(new URL("../../src/cli/cli.ts", import.meta.url));

/** Ends only a start that hangs: with servers of its own one takes a minute on a busy machine. */
export const upWithinMs = 180_000;

export type Command = {
  pid: number;
  /** Its output so far, from both streams. */
  readonly output: string;
  /** Resolves with the address once it is up. @throws with its output if it ends instead. */
  untilUp(): Promise<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
};

export function runCommand(
  folder: string,
  args: readonly string[],
  settings: Record<string, string>,
  [program, ...first]: readonly [string, ...string[]] = [process.execPath, cli],
): Command {
  const { PATH = "", TMPDIR = "/tmp", NODE_COMPILE_CACHE } = process.env;
  const cache = NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE };
  const environment = { PATH, TMPDIR, DATA_DIR: `${folder}/data`, ...cache, ...settings };
  const child: ChildProcess = spawn(program, [...first, ...args], { cwd: folder, env: environment, stdio: "pipe" });
  let output = "";
  let over = false;
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on("close", (code, signal) => {
      over = true;
      resolve(code ?? signal ?? 0);
    });
  });
  return {
    pid: child.pid ?? 0,
    get output() {
      return output;
    },
    async untilUp() {
      // The end of the line may come a moment after its beginning.
      const url = await until(() => over || /\bup: (http[^\s,]+)[\s,]/.exec(output)?.[1], { withinMs: upWithinMs });
      if (url === true) throw new Error(`it ended instead of serving:\n${output}`);
      return url;
    },
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
