import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createMetrics } from "./metrics.ts";
import { renderMetricsPage } from "./metrics-page.ts";

describe("metrics", () => {
  test("are rendered in Prometheus' text format, each with its sentence", async () => {
    const metrics = createMetrics();
    const accepted = metrics.counter("dropgate_orders_accepted_total", "Orders accepted.");
    const refused = metrics.counter("dropgate_orders_refused_total", "Orders refused.", ["reason"]);
    const soldOut = refused.with({ reason: "sold_out" });
    metrics.gauge("dropgate_orders_waiting", "Orders waiting.", () => 7);
    metrics.histogram("dropgate_batch_orders", "Orders a batch.", [1, 2]).observe(2);
    accepted.inc();
    accepted.inc(2);
    soldOut.inc();
    const text = await metrics.render();
    assert.match(
      text,
      /# HELP dropgate_orders_accepted_total Orders accepted\.\n# TYPE dropgate_orders_accepted_total counter\ndropgate_orders_accepted_total 3/,
    );
    assert.match(text, /dropgate_orders_refused_total\{reason="sold_out"\} 1/);
    assert.match(text, /dropgate_orders_waiting 7/);
    assert.match(text, /dropgate_batch_orders_bucket\{le="2"\} 1/);
    soldOut.inc();
    assert.match(await metrics.render(), /dropgate_orders_refused_total\{reason="sold_out"\} 2/);
  });

  test("have the format's NaN if there is no value yet, as the lag of a loop that was asked a moment ago", async () => {
    const metrics = createMetrics();
    metrics.gauges("dropgate_lag", "Lag.", ["loop"], () => [[{ loop: "sweeper" }, Number.NaN]]);
    metrics.gauge("dropgate_mean", "Mean.", () => Number.NaN);
    const text = await metrics.render();
    assert.match(text, /^dropgate_lag\{loop="sweeper"\} NaN$/m);
    assert.match(text, /^dropgate_mean NaN$/m);
  });

  test("drop label values that are gone", async () => {
    const metrics = createMetrics();
    let products = ["lamp", "chair"];
    metrics.gauges("dropgate_stock", "Stock.", ["product"], () => products.map((product) => [{ product }, 1] as const));
    assert.match(await metrics.render(), /chair/);
    products = ["lamp"];
    assert.doesNotMatch(await metrics.render(), /chair/);
  });

  test("that cannot be read are left out of the page, logged and counted, and the others stay", async () => {
    const logged: string[] = [];
    const metrics = createMetrics({ warn: (event, fields) => logged.push(`${event}: ${fields?.metric}`) });
    let length: number | null = null;
    metrics.gauge("dropgate_queue", "Length of a queue.", () => length as number);
    metrics.gauges("dropgate_stock", "Stock.", ["product"], () => {
      throw new Error("the books do not answer");
    });
    metrics.gauge("dropgate_orders_waiting", "Orders waiting.", () => 7);
    const text = await metrics.render();
    assert.match(text, /^dropgate_orders_waiting 7$/m);
    assert.doesNotMatch(text, /^dropgate_(queue|stock)/m);
    assert.deepEqual(logged, ["a metric cannot be read: dropgate_queue", "a metric cannot be read: dropgate_stock"]);
    length = 3;
    const next = await metrics.render();
    assert.match(next, /^dropgate_queue 3$/m);
    assert.match(next, /^dropgate_metrics_unread_total\{metric="dropgate_queue"\} 1$/m);
    assert.match(next, /^dropgate_metrics_unread_total\{metric="dropgate_stock"\} \d$/m);
  });

  test("begin with the program's name", () => {
    assert.throws(() => createMetrics().counter("orders_total", "Orders."), /has to begin with dropgate_/);
  });

  test("are declared once", () => {
    const metrics = createMetrics();
    metrics.counter("dropgate_a_total", "A.");
    assert.throws(() => metrics.counter("dropgate_a_total", "A."), /already been registered/);
  });

  test("are all in the page", () => {
    const metrics = createMetrics();
    metrics.counter("dropgate_b_total", "B.", ["reason"]);
    metrics.gauge("dropgate_a", "A.", () => 0);
    const page = renderMetricsPage(metrics.list());
    assert.match(
      page,
      /\| `dropgate_a` \| gauge \| {2}\| A\. \|\n\| `dropgate_b_total` \| counter \| `reason` \| B\. \|/,
    );
  });
});
