/**
 * Looks up the addresses of names. Node's own `lookup` blocks a thread of a small pool, which hashes passwords too, for as
 * long as a name server is silent. Public names are asked of the name servers directly, which blocks no thread.
 */
import { lookup, Resolver } from "node:dns/promises";

/** All addresses of a name, IPv4 first: not every machine reaches IPv6. Empty if it has none, or the servers do not answer. */
export type Names = (name: string) => Promise<readonly string[]>;

const answerWithinMs = 2_000;
const tries = 2;

/** `servers` absent: those that the machine is set to. */
export function publicNames(servers?: readonly string[]): Names {
  const resolver = new Resolver({ timeout: answerWithinMs, tries });
  if (servers) resolver.setServers(servers);
  return async (name) => {
    const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return both.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  };
}

/** As the machine's other programs do, with its file of hosts and its search domains: for receivers in its own network. */
export const privateNames: Names = async (name) => {
  const found = await lookup(name, { all: true, order: "ipv4first" }).catch(() => []);
  return found.map(({ address }) => address);
};
