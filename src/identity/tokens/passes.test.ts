import assert from "node:assert/strict";
import { hkdfSync } from "node:crypto";
import { test } from "node:test";
import { createTickets } from "../oidc/ticket.ts";
import { createHs256 } from "./hs256.ts";
import { createPasses, type Pass } from "./passes.ts";
import { createTokens } from "./tokens.ts";

const secret = "a secret of this test, longer than 32 bytes";
const passes = createPasses(secret);
const pass: Pass = {
  passId: "p-1",
  userId: `Zoë 王|",`,
  dropId: "autumn",
  productId: "shoe-42",
  expiresAtMs: 1_764_230_400_123,
};

test("a pass is read as it was signed, also after its end", () => {
  assert.deepEqual(passes.read(passes.sign(pass)), pass);
  assert.deepEqual(passes.read(passes.sign({ ...pass, expiresAtMs: 0 })), { ...pass, expiresAtMs: 0 });
});

test("a process with the same secret reads the pass, one with another does not", () => {
  assert.deepEqual(createPasses(secret).read(passes.sign(pass)), pass);
  assert.equal(createPasses(`${secret}!`).read(passes.sign(pass)), undefined);
});

test("F3: a pass that was truncated, lengthened or changed in one character is none", () => {
  const token = passes.sign(pass);
  for (let length = 0; length < token.length; length += 1) assert.equal(passes.read(token.slice(0, length)), undefined);
  for (const more of [".", "A", "=", " "]) assert.equal(passes.read(token + more), undefined);
  for (let at = 0; at < token.length; at += 1) {
    const changed = `${token.slice(0, at)}${token[at]?.toLowerCase() === "q" ? "x" : "q"}${token.slice(at + 1)}`;
    assert.equal(passes.read(changed), undefined, `character ${at}`);
  }
});

test("the signature of a pass does not pass for other fields", () => {
  const signature = passes.sign(pass).split(".")[1];
  for (const change of [
    { passId: "p-2" },
    { userId: "mallory" },
    { dropId: "winter" },
    { productId: "shoe-43" },
    { expiresAtMs: pass.expiresAtMs + 1 },
  ]) {
    const forged = `${passes.sign({ ...pass, ...change }).split(".")[0]}.${signature}`;
    assert.equal(passes.read(forged), undefined, JSON.stringify(change));
  }
});

test("a text that the same secret signs for another purpose is no pass, and a pass is none of those", () => {
  const text = passes.sign(pass).split(".")[0] as string;
  assert.equal(passes.read(`${text}.${createHs256(secret).sign(text)}`), undefined);
  const otherKey = Buffer.from(hkdfSync("sha256", secret, "", "dropgate outside log-ins", 32)).toString("hex");
  assert.equal(passes.read(`${text}.${createHs256(otherKey).sign(text)}`), undefined);
  const tokens = createTokens({ secret, issuer: "dropgate" });
  assert.equal(passes.read(tokens.issue({ user: "ada", roles: ["CUSTOMER"], ttlMs: 60_000 })), undefined);
  assert.equal(tokens.verify(passes.sign(pass)).ok, false);
  assert.equal(createTickets({ secret, issuer: "dropgate", now: () => 0 }).read(passes.sign(pass)), undefined);
});

test("text that is no pass is answered, not thrown", () => {
  for (const text of ["", ".", "..", "\u0000", "ü.é", "a".repeat(100_000), `${"a".repeat(20)}.${"b".repeat(43)}`]) {
    assert.equal(passes.read(text), undefined);
  }
});
