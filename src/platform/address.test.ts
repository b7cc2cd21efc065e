import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limitKeyOf, memberOf, parseAddress, parseNetwork } from "./address.ts";

const spellings: [canonical: string, ...spellings: string[]][] = [
  ["192.0.2.7", "192.0.2.7:49152", " 192.0.2.7 ", "::ffff:192.0.2.7", "::FFFF:c000:207", "[::ffff:192.0.2.7]:80"],
  ["192.0.2.7", '"192.0.2.7:49152"', "0:0:0:0:0:ffff:192.0.2.7", "[::ffff:192.0.2.7]"],
  ["2001:db8::1", "2001:DB8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8:0::0:1"],
  ["2001:db8::1", "[2001:db8::1]", "[2001:DB8::1]:443", '"[2001:db8:0:0::1]:443"'],
  ["fe80::1", "fe80::1%eth0", "[fe80::1%25eth0]:80", "FE80:0::1%2"],
  ["::1", "0:0:0:0:0:0:0:1", "[::1]:8080"],
];

describe("O7: an address", () => {
  for (const [canonical, ...others] of spellings) {
    test(`${canonical} is the same as ${others.join(" and ")}`, () => {
      for (const spelling of [canonical, ...others]) assert.equal(parseAddress(spelling)?.text, canonical, spelling);
      const keys = new Set([canonical, ...others].map(limitKeyOf));
      assert.equal(keys.size, 1);
    });
  }

  test("is undefined if it cannot be read, and all unreadable addresses count as one", () => {
    const unreadable = [
      "",
      "unknown",
      "_hidden",
      "1.2.3",
      "010.0.0.1",
      "1.2.3.4:x",
      "[::1",
      "::1::",
      "x".repeat(1_000),
    ];
    for (const text of unreadable) assert.equal(parseAddress(text), undefined, text);
    assert.equal(new Set(unreadable.map(limitKeyOf)).size, 1);
  });

  test("of IPv6 counts by its network of 64 bits, of IPv4 by itself", () => {
    for (const [address, key] of [
      ["192.0.2.7", "192.0.2.7"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
      ["2001:db8:1:2::6", "2001:db8:1:2"],
      ["2001:0DB8:1:2:ffff::6", "2001:db8:1:2"],
      ["2001:db8::6", "2001:db8:0:0"],
      ["::1", "0:0:0:0"],
      ["::", "0:0:0:0"],
    ] as const) {
      assert.equal(limitKeyOf(address), key, address);
    }
  });

  test("belongs to a network in every spelling of both", () => {
    const isMember = (entry: string, address: string) => {
      const network = parseNetwork(entry);
      assert.ok(network, entry);
      return memberOf([network])(address);
    };
    for (const entry of ["10.0.0.0/8", "::ffff:10.0.0.0/104"]) {
      for (const inside of ["10.9.9.9", "10.9.9.9:80", "::ffff:10.9.9.9", "::FFFF:A09:909"]) {
        assert.ok(isMember(entry, inside), `${entry} ${inside}`);
      }
      for (const outside of ["11.0.0.1", "::ffff:11.0.0.1", "2001:db8::1", "unknown"]) {
        assert.ok(!isMember(entry, outside), `${entry} ${outside}`);
      }
    }
    for (const entry of ["2001:db8::/32", "2001:0DB8:0::/32"]) {
      assert.ok(isMember(entry, "2001:DB8:FFFF::1"));
      assert.ok(!isMember(entry, "2001:db9::1"));
    }
    assert.ok(isMember("::1", "0:0:0:0:0:0:0:1"));
    for (const wrong of ["", "10.0.0.0/33", "::/129", "::ffff:10.0.0.0/95", "10.0.0.1:80", "fe80::1/x", "10.0.0.0/"]) {
      assert.equal(parseNetwork(wrong), undefined, wrong);
    }
  });
});
