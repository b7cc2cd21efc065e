/** Runs the benchmarks of the checkout: `dropgate bench` is `npm run bench --` by another name. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Refused } from "./ask.ts";

const program = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

/** @returns the exit code. @throws Refused where the product stands without its benchmarks, as in its image. */
export async function bench(args: readonly string[]): Promise<number> {
  if (!existsSync(program)) {
    throw new Refused("The benchmarks are in the source checkout only: run `npm run bench` there");
  }
  const [code] = await once(spawn(process.execPath, [program, ...args], { stdio: "inherit" }), "exit");
  return code ?? 1;
}
