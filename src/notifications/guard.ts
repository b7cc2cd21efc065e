/**
 * Keeps webhooks away from the shop's own network. An ADMIN names the URL, and the name's owner decides its address, at
 * any time. So each attempt resolves the name itself, refuses addresses that are not public, and connects to the very
 * address that it has checked.
 */
import { type Address, memberOf, parseAddress, parseNetwork } from "#platform/address";
import { type Names, privateNames, publicNames } from "./names.ts";

export type Guard = {
  /** Where to connect to, or why not, in a sentence. */
  addressOf(url: URL): Promise<GuardAnswer>;
};
export type GuardAnswer = { ok: true; address: Address } | { ok: false; why: string };

export type GuardOptions = {
  /** Also private addresses, and http. */
  allowPrivate: boolean;
  resolve?: Names;
  isAllowed?(address: Address): boolean;
};

export function createGuard({
  allowPrivate,
  resolve = allowPrivate ? privateNames : publicNames(),
  isAllowed = allowPrivate ? () => true : isPublic,
}: GuardOptions): Guard {
  async function addressOf({ protocol, hostname, username, password, host }: URL): Promise<GuardAnswer> {
    if (protocol !== "https:" && !(allowPrivate && protocol === "http:")) return no("the URL must begin with https://");
    if (username !== "" || password !== "") return no("the URL must not contain a user or a password");
    const addresses = await addressesOf(hostname);
    const [first] = addresses;
    if (!first) return no(`the name ${host} has no address`);
    const refused = addresses.find((address) => !isAllowed(address));
    if (refused) return no(`${host} has the address ${refused.text}, which is not a public one`);
    return { ok: true, address: first };
  }

  async function addressesOf(hostname: string): Promise<Address[]> {
    const literal = parseAddress(hostname);
    if (literal) return [literal];
    return (await resolve(hostname)).map(parseAddress).filter((address) => address !== undefined);
  }

  return { addressOf };
}

function no(why: string): GuardAnswer {
  return { ok: false, why };
}

/** The IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast. */
const specialIpv4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ...["224.0.0.0/4", "240.0.0.0/4"],
];
/**
 * The IANA IPv6 Special-Purpose Address Registry. Public addresses lie in 2000::/3 alone. Of these, some are for
 * documentation or tunnels, which may end at a private IPv4 address.
 */
const specialIpv6 = ["::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

// Two lists, because one compares an IPv4 address with networks of IPv6 too, as ::ffff:0:0/96, which lies in ::/3.
const isSpecial = { ipv4: listOf(specialIpv4), ipv6: listOf(specialIpv6) };

function listOf(networks: readonly string[]) {
  return memberOf(networks.map(parseNetwork).filter((network) => network !== undefined));
}

function isPublic({ text, family }: Address): boolean {
  return !isSpecial[family](text);
}
