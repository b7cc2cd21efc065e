/** The rules of Prometheus and the configuration of Alertmanager, by the tools that come with them. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../servers/cache.ts";
import { programOf } from "../servers/prometheus.ts";

const folder = "deploy/prometheus";
const within = { timeoutMs: 120_000 };

test("Prometheus accepts its configuration with all rule files", async () => {
  await run(programOf("promtool"), ["check", "config", join(folder, "prometheus.yaml")], within);
});

test("Alertmanager accepts its configuration", async () => {
  await run(programOf("amtool"), ["check-config", "deploy/alertmanager/alertmanager.yaml"], within);
});

for (const file of globSync("tests/*.test.yaml", { cwd: folder })) {
  test(`each alert of ${file} fires on its fault and not on its opposite`, async () => {
    await run(programOf("promtool"), ["test", "rules", join(folder, file)], within);
  });
}

test("a critical alert goes to PagerDuty and to Slack, a warning to Slack alone", async () => {
  const route = (...labels: string[]) =>
    run(
      programOf("amtool"),
      ["config", "routes", "test", "--config.file=deploy/alertmanager/alertmanager.yaml", ...labels],
      within,
    );
  const receivers = async (severity: string) => (await route(`severity=${severity}`)).trim();
  assert.equal(await receivers("critical"), "pagerduty,slack");
  assert.equal(await receivers("warning"), "slack");
});
