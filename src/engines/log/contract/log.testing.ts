/** Tests what every event log promises. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AppendFailed } from "../log.ts";
import { appendingLaws } from "./appending.testing.ts";
import { consumingLaws } from "./consuming.testing.ts";
import { groupLaws } from "./groups.testing.ts";
import { positionLaws } from "./positions.testing.ts";
import { createStage, type LogEngine, numbered, patiently, sumOf } from "./stage.testing.ts";

export type { LogEngine };

export function eventLogContract(name: string, openEngine: () => Promise<LogEngine>): void {
  describe(`the event log on ${name}`, { timeout: 10 * patiently.withinMs }, () => {
    const stage = createStage(openEngine);
    before(() => stage.open());
    after(() => stage.close());

    appendingLaws(stage);
    consumingLaws(stage);
    groupLaws(stage);
    positionLaws(stage);

    test("an append to a closed log certainly stored nothing", async () => {
      const topic = await stage.freshTopic();
      await stage.log.close();
      await assert.rejects(
        stage.log.append(topic, numbered(1)),
        (error) => error instanceof AppendFailed && error.handedOver === false,
      );
      await stage.open();
      assert.equal(sumOf(await stage.log.endOffsets(topic)), 0n);
    });
  });
}
