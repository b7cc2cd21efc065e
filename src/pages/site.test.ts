import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLog } from "#platform/log";
import { openSite } from "./site.ts";

/** A project as far as its pages go: something to build with, a source, and a builder of this test's own. */
function project(t: TestContext, builder: string): string {
  const root = mkdtempSync(join(tmpdir(), "dropgate-site-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ["node_modules/vite", "web/shop"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "package-lock.json"), "{}");
  writeFileSync(join(root, "web/shop/main.tsx"), "first");
  writeFileSync(join(root, "web/build.ts"), builder);
  return root;
}

const works = `
  import { mkdirSync, writeFileSync } from "node:fs";
  mkdirSync("web/dist", { recursive: true });
  writeFileSync("web/dist/shop.html", "<h1>Shop</h1>");
  writeFileSync("web/dist/sources.txt", process.argv[2]);
`;

function quiet() {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines };
}

test("the pages are built at the first start and after a change of their sources, and not else", async (t) => {
  const root = project(t, works);
  const { log } = quiet();
  const first = openSite({ log, root });
  assert.deepEqual(first.state(), { is: "building" });
  await first.settled;
  assert.deepEqual(first.state(), { is: "ready" });
  assert.deepEqual(openSite({ log, root }).state(), { is: "ready" });
  writeFileSync(join(root, "web/shop/main.tsx"), "second");
  const changed = openSite({ log, root });
  assert.deepEqual(changed.state(), { is: "building" });
  await changed.settled;
  writeFileSync(join(root, "package-lock.json"), '{"vite": "newer"}');
  const newer = openSite({ log, root });
  assert.deepEqual(newer.state(), { is: "building" });
  await newer.settled;
});

test("a build that fails is said by the pages, and why it failed by the log", async (t) => {
  const { log, lines } = quiet();
  const site = openSite({ log, root: project(t, 'throw new Error("the style has no end")') });
  await site.settled;
  const state = site.state();
  assert.match(state.is === "missing" ? state.says : "", /could not be built: the log says why/);
  assert.match(lines.join(""), /the style has no end/);
});

test("a process that stops ends its build, says nothing of it, and leaves nothing behind", async (t) => {
  const { log, lines } = quiet();
  const root = project(t, "setInterval(() => {}, 1000);");
  const site = openSite({ log, root });
  await site.stop();
  assert.deepEqual(lines, []);
  assert.equal(existsSync(site.folder), false);
  assert.deepEqual(
    readdirSync(join(root, "web")).filter((name) => name.startsWith("dist")),
    [],
  );
});
