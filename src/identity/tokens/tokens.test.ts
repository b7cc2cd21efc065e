import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSigner, createVerifier } from "fast-jwt";
import { createRandomBytes, repeat } from "../../../test/support/seeded.ts";
import { createHs256 } from "./hs256.ts";
import { createTokens } from "./tokens.ts";

const secret = "a secret of at least thirty-two bytes";
const tokens = createTokens({ secret, issuer: "dropgate" });

describe("HS256", () => {
  test("signs as the example of RFC 4231 does", () => {
    const signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const signed = createHs256("Jefe").sign("what do ya want for nothing?");
    assert.equal(Buffer.from(signed, "base64url").toString("hex"), signature);
  });

  test("signs as another library does, for secrets below, at and above the block size and inputs of any length", (t) => {
    t.diagnostic(repeat);
    const { bytes, upTo } = createRandomBytes();
    for (let round = 0; round < 300; round += 1) {
      const key = bytes(24 + upTo(75)).toString("base64");
      const sign = createSigner({ key, algorithm: "HS256", noTimestamp: true });
      const token = sign({ said: bytes(upTo(2_999)).toString("base64url") });
      const [input, signature] = [token.slice(0, token.lastIndexOf(".")), token.slice(token.lastIndexOf(".") + 1)];
      const hs256 = createHs256(key);
      assert.equal(hs256.sign(input), signature, `key ${key} input ${input}`);
      assert.ok(hs256.matches(input, signature));
    }
  });

  test("takes only the canonical spelling of a signature", () => {
    const hs256 = createHs256(secret);
    const signature = hs256.sign("a.b");
    const decoded = Buffer.from(signature, "base64url");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const last of alphabet) {
      const other = signature.slice(0, -1) + last;
      assert.equal(hs256.matches("a.b", other), other === signature);
    }
    assert.equal(hs256.matches("a.b", decoded.toString("base64")), false);
    assert.equal(hs256.matches("a.b", ""), false);
    assert.equal(hs256.matches("x".repeat(20_000), signature), false);
  });
});

describe("tokens", () => {
  test("are read by another library, and theirs by us", () => {
    const verify = createVerifier({
      key: secret,
      algorithms: ["HS256"],
      allowedIss: "dropgate",
      requiredClaims: ["exp"],
    });
    const { sub, roles } = verify(tokens.issue({ user: "ada", roles: ["ADMIN"], ttlMs: 60_000 }));
    assert.deepEqual([sub, roles], ["ada", ["ADMIN"]]);
    const sign = createSigner({ key: secret, algorithm: "HS256", iss: "dropgate", sub: "bob", expiresIn: 60_000 });
    assert.deepEqual(tokens.verify(sign({ roles: ["CUSTOMER"] })), {
      ok: true,
      caller: { userId: "bob", roles: ["CUSTOMER"] },
    });
  });

  test("are refused with any one character changed", () => {
    const token = tokens.issue({ user: "ada", roles: ["CUSTOMER"], ttlMs: 60_000 });
    for (let i = 0; i < token.length; i += 1) {
      const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      assert.equal(tokens.verify(changed).ok, false, changed);
    }
    for (const changed of [
      `${token} `,
      ` ${token}`,
      `${token}.`,
      `${token}=`,
      token.replace(".", ".."),
      `${token}\n`,
    ]) {
      assert.equal(tokens.verify(changed).ok, false, changed);
    }
    // U+0165 has the low byte of "e": a signature over low bytes only would cover both.
    assert.equal(tokens.verify(token.replace("e", "\u0165")).ok, false);
  });
});
