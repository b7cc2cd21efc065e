import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { openStage, type Stage } from "./notifications.testing.ts";
import type { Notifications } from "./notifications.ts";
import { type Claim, createQueue } from "./queue.ts";

describe("an endpoint that is removed at the same moment", () => {
  let stage: Stage;
  let notifications: Notifications;
  before(async () => {
    stage = await openStage();
    ({ notifications } = await stage.open());
  });
  after(() => stage.close());

  const queue = () => createQueue({ sql: stage.sql, now: () => stage.clock.nowMs });

  async function endpoint(): Promise<string> {
    const { url } = await stage.receiver();
    const created = await notifications.create({ url, events: [], description: "" });
    assert.ok(created.ok);
    return created.endpoint.endpointId;
  }

  /** The removal commits once the act waits for it. */
  function whileRemoved<T>(endpointId: string, act: () => Promise<T>): Promise<T> {
    return stage.sql
      .transaction(async (tx) => {
        await tx.query("delete from notifications.endpoint where endpoint_id = $1", [endpointId]);
        const acting = act();
        acting.catch(() => {});
        await until(async () => {
          const waiting = await stage.sql.query(
            "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          return waiting.length > 0;
        });
        return { acting };
      })
      .then(({ acting }) => acting);
  }

  test("gets no more events, and the other ones get theirs", async () => {
    const [leaving, staying] = [await endpoint(), await endpoint()];
    await whileRemoved(leaving, () => queue().add([{ messageId: "catalog/lamp:1", type: "any", body: "{}" }]));
    assert.equal((await notifications.deliveries(staying, null, 10)).length, 1);
    await notifications.remove(staying);
  });

  test("is not tested", async () => {
    const endpointId = await endpoint();
    const message = { messageId: "test/1", type: "any", body: "{}" };
    assert.equal(await whileRemoved(endpointId, () => queue().addFor(endpointId, message)), undefined);
  });

  test("takes with it the attempt that is under way", async () => {
    const endpointId = await endpoint();
    await notifications.test(endpointId);
    const [claim] = await queue().claim(1, new Map());
    const attempt = { atMs: stage.clock.nowMs, tookMs: 1, status: 204, answer: "" };
    await whileRemoved(endpointId, () => queue().note(claim as Claim, attempt, { state: "delivered" }));
  });
});
