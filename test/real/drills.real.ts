/** Recovery drills on one set of fresh real servers: those that no other real test holds. `npm run drill` runs each. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runDrill, seconds } from "../drills/drill.ts";
import { drills } from "../drills/drills.ts";
import { type DrillStage, openDrillStage } from "../drills/stage.ts";

describe("recovery drills", { timeout: 1_200_000 }, () => {
  let stage: DrillStage;
  before(async () => {
    stage = await openDrillStage();
  });
  after(() => stage?.close());

  for (const drill of drills.filter(({ heldBy }) => heldBy === undefined)) {
    test(`${drill.name}: ${drill.title}; afterwards orders are accepted and every law holds`, async (t) => {
      const { recoveryMs, restMs, figures, lost, broken } = await runDrill(stage, drill, (step) => t.diagnostic(step));
      t.diagnostic(`no order accepted for ${seconds(recoveryMs)} s, at rest after ${seconds(restMs)} s`);
      t.diagnostic(`${JSON.stringify(figures)}; lost: ${lost.join("; ") || "nothing"}`);
      assert.deepEqual(broken, []);
      assert.equal(figures.takenBack, 0, "no order has another end than its buyer saw");
    });
  }
});
