import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createIdentity, issueToken, loadOrCreateSecret } from "../identity.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "secret-"));
});
after(() => rm(folder, { recursive: true }));

describe("the generated secret", () => {
  test("is the same for processes that start together, private to its owner, and leaves no temporary file", async () => {
    const dataDir = join(folder, "new", ".data");
    const secrets = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateSecret(dataDir)));
    assert.equal(new Set(secrets).size, 1);
    assert.equal(Buffer.from(secrets[0] as string, "base64url").length, 32);
    assert.equal((await stat(join(dataDir, "jwt-secret"))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(dataDir), ["jwt-secret"]);
    assert.equal(await loadOrCreateSecret(dataDir), secrets[0]);
  });

  test("is refused if its file is damaged", async () => {
    await writeFile(join(folder, "jwt-secret"), "");
    await assert.rejects(loadOrCreateSecret(folder), /holds no usable secret; delete it/);
  });
});

describe("the token command", () => {
  test("issues tokens that the running configuration accepts, with either kind of secret", async () => {
    const dataDir = join(folder, "tokens");
    for (const JWT_SECRET of [undefined, "b".repeat(32)]) {
      const config = { JWT_SECRET, JWT_ISSUER: "shop", JWT_AUDIENCE: undefined, DATA_DIR: dataDir };
      const token = await issueToken(config, { role: "WAREHOUSE" });
      const secret = JWT_SECRET ?? (await loadOrCreateSecret(dataDir));
      const identity = createIdentity({ secret, issuer: "shop", trustUserHeader: false });
      const caller = identity.authenticate({ authorization: `Bearer ${token}` });
      assert.deepEqual(caller, { userId: "warehouse", roles: ["WAREHOUSE"] });
    }
  });
});
