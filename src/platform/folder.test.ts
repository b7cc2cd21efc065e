import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { folderFault, openFolder } from "./folder.ts";

describe("a folder for data", () => {
  const parent = mkdtempSync(join(tmpdir(), "folder-"));
  after(() => rmSync(parent, { recursive: true }));

  test("is made with its parents, and its mode is its own alone", () => {
    const folder = join(parent, "a/b");
    assert.equal(folderFault(folder), undefined);
    assert.deepEqual(readdirSync(parent), [], "the question made a folder");
    for (const _twice of [1, 2]) openFolder(folder, { mode: 0o700 });
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.notEqual(statSync(join(parent, "a")).mode & 0o777, 0o700);
  });

  test("that cannot be made says why, and never tells to give a file or a system's folder to a user", () => {
    writeFileSync(join(parent, "file"), "");
    symlinkSync(join(parent, "nowhere"), join(parent, "link"));
    const places = [join(parent, "file"), join(parent, "file/data"), "/dev/null/data"];
    for (const place of places) {
      assert.throws(() => openFolder(place, { mode: 0o700 }), /: a file stands where a folder is needed; set another/);
      assert.match(folderFault(place) ?? "", /\(ENOTDIR\): a file stands/);
    }
    for (const place of [join(parent, "link"), join(parent, "link/data")]) {
      assert.throws(() => openFolder(place, { mode: 0o700 }), /\(ENOENT\)/);
      assert.match(folderFault(place) ?? "", /\(ENOENT\)/);
    }
  });

  test("below /proc or /sys is refused at once, and the question has the same answer", {
    skip: process.platform !== "linux",
  }, () => {
    for (const place of ["/proc/dropgate/data", "/sys/dropgate", "/proc"]) {
      const says = `nothing can be written in ${place} (ENOENT): no folder can be made there; set another DATA_DIR`;
      assert.throws(() => openFolder(place, { mode: 0o700 }), { message: says });
      assert.equal(folderFault(place), says);
    }
  });
});
