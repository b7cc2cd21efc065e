import assert from "node:assert/strict";
import { test } from "node:test";
import { createIdentity } from "#identity";
import { systemClock } from "#platform/clock";
import { createHttp } from "#platform/http";
import { createLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { type OrderRoutesOptions, orderRoutes } from "../routes.ts";
import { openOrderStage } from "../stage.testing.ts";

test("while as many orders wait as may, a further one is refused before its token and its body are looked at", async () => {
  const stage = await openOrderStage();
  const metrics = createMetrics();
  const http = await createHttp({
    log: createLog({ level: "silent" }),
    clock: systemClock,
    openApi: { title: "T", version: "1" },
  });
  const identity = createIdentity({
    secret: "a secret of the tests, of 32 bytes",
    issuer: "test",
    trustUserHeader: false,
  });
  const full = stage.open({ maxWaiting: 0, metrics });
  // The other faces are asked by other routes.
  orderRoutes(http, { orders: full, identity } as OrderRoutesOptions);
  try {
    const answer = await http.inject({
      method: "POST",
      url: "/orders",
      headers: { authorization: "Bearer x" },
      body: {},
    });
    assert.deepEqual([answer.statusCode, answer.json().code], [503, "overloaded"]);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    assert.match(await metrics.render(), /dropgate_orders_total\{answer="overloaded"\} 1/);
    const other = await http.inject({
      method: "POST",
      url: "/orders/1/cancel",
      headers: { authorization: "Bearer x" },
    });
    assert.equal(other.statusCode, 401);
  } finally {
    await http.close();
    await stage.close();
  }
});
