/**
 * An exhaustive search of the protocol in small worlds: the gate's reducer and the books' decision are the real ones,
 * the steps between them are moves, and every order of the moves is tried.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { search } from "./search.ts";
import { mutants, mutations, settings } from "./settings.ts";

describe("no order of events breaks an invariant", () => {
  for (const setting of settings) {
    test(setting.name, (t) => {
      const { states, quiet, violation } = search(setting);
      if (violation) assert.fail(`${violation.says}\n  ${violation.path.join("\n  ")}`);
      assert.ok(quiet > 0, "the world never comes to rest");
      t.diagnostic(`${states} states, ${quiet} of them at rest`);
    });
  }
});

describe("each protection is necessary", () => {
  for (const setting of mutations) {
    test(`caught: ${mutants[setting.mutant]}`, (t) => {
      const { states, violation } = search(setting);
      assert.ok(violation, `${states} states hold without the protection`);
      t.diagnostic(`${violation.says}; after ${violation.path.length} steps: ${violation.path.join(" > ")}`);
    });
  }

  test("every protection is removed once", () => {
    assert.deepEqual(new Set(mutations.map(({ mutant }) => mutant)), new Set(Object.keys(mutants)));
  });
});
