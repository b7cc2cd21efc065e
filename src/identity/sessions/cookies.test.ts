import assert from "node:assert/strict";
import { test } from "node:test";
import { createCookies } from "./cookies.ts";

test("cookies have a prefix and are Secure, but where PUBLIC_URL is plain http elsewhere, whose browsers would refuse them", () => {
  for (const [secure, names] of [
    [true, ["__Host-dropgate", "__Secure-dropgate-refresh", "__Host-dropgate-outside"]],
    [false, ["dropgate", "dropgate-refresh", "dropgate-outside"]],
  ] as const) {
    const { session, refresh, outside, set, setOutside } = createCookies({ secure });
    assert.deepEqual([session, refresh, outside], names);
    for (const line of [...set({ token: "t", refresh: "r" }), setOutside("x")]) {
      assert.match(line, /; HttpOnly; SameSite=Lax/);
      assert.equal(line.endsWith("; Secure"), secure, line);
    }
  }
});
