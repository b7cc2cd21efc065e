import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { crashGroups } from "./crash-cells.ts";
import { pointsInSource } from "./source-points.ts";

test("every crash point that the source names is in the fault matrix and in its quick form, and no other", () => {
  const cells = crashGroups.flatMap(({ cells }) => cells.filter(({ isWhole }) => !isWhole));
  const tried = new Set(cells.map(({ point }) => point));
  assert.deepEqual([...tried].toSorted(), pointsInSource(fileURLToPath(new URL("../../src", import.meta.url))));
});
