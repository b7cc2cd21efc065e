/**
 * Real Prometheus and Alertmanager over a running system, with the files of `deploy/`: only addresses are replaced, and every
 * window and waiting time is a twelfth, so that a minute lasts five seconds. A receiver takes the pages.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { claimFolder } from "../servers/folder.ts";
import { createServerProcess, type ServerPlan, type ServerProcess } from "../servers/process.ts";
import { alertmanagerServer, prometheusServer } from "../servers/prometheus.ts";

export type Page = { to: "pagerduty" | "slack"; alert: string; action: string; body: string };
export type Sample = { metric: Record<string, string>; value: [number, string] };
type Alert = { labels: Record<string, string>; state: string };
type Delivered = { labels: Record<string, string>; status: { state: string; inhibitedBy: string[] } };

export type Monitoring = {
  pages: readonly Page[];
  query(expression: string): Promise<Sample[]>;
  /** The names of the alerts that fire. */
  firing(): Promise<Set<string | undefined>>;
  /** The names of the alerts that Alertmanager holds back because of another. */
  inhibited(): Promise<Set<string | undefined>>;
  close(): Promise<void>;
};

const twelfth = 12;
const inMs = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Only durations where Prometheus and Alertmanager expect them; a threshold in seconds stays. */
export function shortened(yaml: string): string {
  return yaml.replaceAll(
    /(\[|^ *(?:for|keep_firing_for|group_wait|group_interval|resolve_timeout): )(\d+)([smh])(?=\]|$)/gm,
    (_, before: string, count: string, unit: keyof typeof inMs) =>
      `${before}${Math.round((Number(count) * inMs[unit]) / twelfth)}ms`,
  );
}

export async function openMonitoring(origin: string): Promise<Monitoring> {
  const path = mkdtempSync(join(tmpdir(), "dropgate-monitoring-"));
  const folder = claimFolder(path);
  const { pages, address, close: closeReceiver } = await openReceiver();
  const running: ServerProcess[] = [];

  async function start({ plan }: { plan: ServerPlan }): Promise<void> {
    const server = createServerProcess(plan);
    running.push(server);
    await server.start();
  }

  async function close(): Promise<void> {
    for (const server of running.toReversed()) await server.stop();
    await closeReceiver();
    folder.release();
    rmSync(path, { recursive: true, force: true });
  }

  async function ask<T>(url: string): Promise<T> {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  try {
    const alertmanager = await alertmanagerServer(folder, { configuration: () => receivers(path, address) });
    await start(alertmanager);
    const { host } = new URL(alertmanager.origin);
    const prometheus = await prometheusServer(folder, { configuration: () => scraping(path, origin, host) });
    await start(prometheus);
    const names = (alerts: { labels: Record<string, string> }[]) =>
      new Set(alerts.map(({ labels }) => labels.alertname));
    return {
      pages,
      async query(expression) {
        const url = `${prometheus.origin}/api/v1/query?query=${encodeURIComponent(expression)}`;
        return (await ask<{ data: { result: Sample[] } }>(url)).data.result;
      },
      async firing() {
        const { data } = await ask<{ data: { alerts: Alert[] } }>(`${prometheus.origin}/api/v1/alerts`);
        return names(data.alerts.filter(({ state }) => state === "firing"));
      },
      async inhibited() {
        const held = await ask<Delivered[]>(`${alertmanager.origin}/api/v2/alerts`);
        return names(held.filter(({ status }) => status.inhibitedBy.length > 0));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function scraping(path: string, origin: string, alertmanager: string): string {
  const rules = join(path, "prometheus");
  mkdirSync(rules, { recursive: true });
  for (const name of ["recording", "slo", "drop", "integrity", "operation"]) {
    const file = `deploy/prometheus/${name}.yaml`;
    writeFileSync(join(rules, `${name}.yaml`), shortened(readFileSync(file, "utf8")));
  }
  return readFileSync("deploy/prometheus/prometheus.yaml", "utf8")
    .replace("scrape_interval: 5s", "scrape_interval: 1s\n  scrape_timeout: 1s")
    .replace("evaluation_interval: 5s", "evaluation_interval: 1s")
    .replace("dropgate:8081", new URL(origin).host)
    .replace("alertmanager:9093", alertmanager);
}

function receivers(path: string, address: string): string {
  const secrets = { pagerduty_routing_key: "a-routing-key", slack_webhook_url: `${address}/slack` };
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(path, name), value);
  return shortened(readFileSync("deploy/alertmanager/alertmanager.yaml", "utf8"))
    .replace("global:\n", `global:\n  pagerduty_url: ${address}/v2/enqueue\n`)
    .replaceAll("/run/secrets/", `${path}/`);
}

/** Answers as PagerDuty's Events API and Slack do. */
async function openReceiver() {
  const pages: Page[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    pages.push(request.url === "/slack" ? slackPage(body) : pagerDutyPage(body));
    response.writeHead(request.url === "/slack" ? 200 : 202, { "content-type": "application/json" });
    response.end(request.url === "/slack" ? "ok" : '{"status":"success","message":"Event processed"}');
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    pages,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pagerDutyPage(body: string): Page {
  const event = JSON.parse(body) as { routing_key: string; event_action: string; payload?: Payload };
  if (event.routing_key !== "a-routing-key") throw new Error(`the key of the page is ${event.routing_key}`);
  const alert = event.payload?.custom_details.alert ?? "none";
  return { to: "pagerduty", action: event.event_action, alert, body };
}
type Payload = { summary: string; severity: string; custom_details: { alert: string; runbook: string } };

function slackPage(body: string): Page {
  const { attachments } = JSON.parse(body) as { attachments: { title: string }[] };
  const [action = "", alert = ""] = attachments[0]?.title.split(" ") ?? [];
  return { to: "slack", action, alert, body };
}
