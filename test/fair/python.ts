/** Runs the verifiers that are written in Python: over a folder of published files, and over a receipt of an order. */
import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";

const program = new URL("./verify.py", import.meta.url).pathname;
const receiptProgram = new URL("./receipt.py", import.meta.url).pathname;

/** For the option `skip` of a test. */
export const withoutPython =
  spawnSync("python3", ["--version"]).status === 0 ? false : "python3 is not on this machine";

export async function verifyByPython(folder: string) {
  const child = spawn("python3", [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines = (await text(child.stdout)).trim().split("\n");
  const order =
    lines
      .find((line) => line.startsWith("order "))
      ?.split(" ")
      .slice(1) ?? [];
  return { code: await exited, lines, order };
}

/** Returns the signed values, or why the file does not hold. */
export async function readByPython(file: string, publicKey: string) {
  const child = spawn("python3", [receiptProgram, file, publicKey]);
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [said, why] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { holds: (await exited) === 0, said: said.trimEnd().split("\n"), why: why.trim() };
}
