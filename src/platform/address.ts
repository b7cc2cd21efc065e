/**
 * Writes network addresses in one form. Sockets, proxies and settings spell one address in many ways: in upper case,
 * with zeros left out or not, an IPv4 address inside IPv6, with a zone, or with the port that several vendors' proxies
 * add. Code that compares or counts addresses parses them here first, because another spelling passes a check that
 * compares text.
 */
import { BlockList, isIP, SocketAddress } from "node:net";

export type Address = {
  /** IPv4 dotted, IPv6 as RFC 5952 writes it; never a port, never a zone. */
  text: string;
  family: "ipv4" | "ipv6";
};

export type Network = Address & { prefix: number };

/** `undefined` for anything else: a name, `unknown`, an obfuscated identifier (RFC 7239 §6.3). */
export function parseAddress(text: string): Address | undefined {
  const bare = text.trim().replace(/^"(.*)"$/, "$1");
  const host = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(bare)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(bare)?.[1] ?? bare;
  switch (isIP(host)) {
    case 4:
      return { text: host, family: "ipv4" };
    case 6:
      return canonicalOf(host);
    default:
      return undefined;
  }
}

function canonicalOf(host: string): Address {
  const { address } = new SocketAddress({ address: host.split("%", 1)[0] as string, family: "ipv6" });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  return mapped ? { text: mapped, family: "ipv4" } : { text: address, family: "ipv6" };
}

/** As a URL has it, which writes an IPv6 address in brackets. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function parseNetwork(entry: string): Network | undefined {
  const [host = "", given, ...rest] = entry.trim().split("/");
  const isAlone = isIP(host) !== 0 && rest.length === 0 && (given === undefined || /^\d{1,3}$/.test(given));
  const address = isAlone ? parseAddress(host) : undefined;
  if (!address) return undefined;
  const bits = address.family === "ipv4" ? 32 : 128;
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const outer = isIP(host) === 6 && address.family === "ipv4" ? 96 : 0;
  const prefix = given === undefined ? bits : Number(given) - outer;
  return prefix >= 0 && prefix <= bits ? { ...address, prefix } : undefined;
}

/** Whether an address, in any spelling, lies in one of these networks. */
export function memberOf(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { text, prefix, family } of networks) list.addSubnet(text, prefix, family);
  return (address) => {
    const parsed = parseAddress(address);
    return parsed !== undefined && list.check(parsed.text, parsed.family);
  };
}

/**
 * The key under which limits count an address: an IPv4 address, or the network of 64 bits of an IPv6 address, because
 * one machine has all of it.
 */
export function limitKeyOf(address: string): string {
  const parsed = parseAddress(address);
  // A trusted proxy wrote an unreadable address: all such callers share one allowance, so that no spelling passes a
  // limit.
  if (!parsed) return "unreadable";
  if (parsed.family === "ipv4") return parsed.text;
  const [head = "", tail = ""] = parsed.text.split("::", 2);
  const [before, after] = [head, tail].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  return [...(before ?? []), ...new Array<string>(Math.max(0, zeros)).fill("0"), ...(after ?? [])]
    .slice(0, 4)
    .join(":");
}
