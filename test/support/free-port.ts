/** Ports that no other process takes meanwhile: for programs that are told theirs, and those that start again on it. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const given = new Set<number>();

/** Test files that run at once have numbers, from 1; each has ports of its own, so none takes one of a server that restarts. */
const shares = 8;
const share = (Number(process.env.NODE_TEST_WORKER_ID ?? 1) - 1) % shares;
const lowest = 15_000 + share * 2_000;

/**
 * Below 32768, the first port that Linux gives to outgoing connections and to those who ask for any: between now and the
 * start of the program, and while it is dead, only another call of this function could take it.
 */
export async function freePort(preferred?: number): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = tries === 0 && preferred ? preferred : randomInt(lowest, lowest + 2_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port between ${lowest} and ${lowest + 2_000} in a hundred tries`);
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
