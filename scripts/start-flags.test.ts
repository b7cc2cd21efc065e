import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startFlags } from "./start-flags.ts";

test("the image runs Node with the flags of npm start", () => {
  const dockerfile = readFileSync(new URL("../Dockerfile", import.meta.url), "utf8");
  const [, entrypoint] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
  assert.deepEqual(JSON.parse(entrypoint ?? "[]"), ["node", ...startFlags, "src/cli/cli.ts"]);
});
