/** Renders the dashboards of scripts/panels-of-*.ts as the JSON that Grafana reads. */
import type { Dashboard, Panel } from "./panel.ts";
import { saleDashboards } from "./panels-of-sale.ts";
import { systemDashboards } from "./panels-of-system.ts";

const width = 24;
const number = { w: 6, h: 4 };
const graph = { w: 12, h: 8 };
/** Each panel asks the Prometheus that is chosen above. */
const datasource = { type: "prometheus", uid: "$datasource" };

/** JSON by path from the root. */
export function dashboardFiles(): [path: string, json: string][] {
  return [...saleDashboards, ...systemDashboards].map((dashboard) => [
    `deploy/grafana/dashboards/${dashboard.uid}.json`,
    `${JSON.stringify(render(dashboard), null, 2)}\n`,
  ]);
}

function render({ uid, title, says, panels }: Dashboard): object {
  const spots = placesOf(panels);
  return {
    uid,
    title: `Dropgate: ${title}`,
    description: says,
    tags: ["dropgate"],
    schemaVersion: 39,
    editable: false,
    refresh: "5s",
    time: { from: "now-30m", to: "now" },
    timezone: "browser",
    links: [{ type: "dashboards", title: "Dropgate", tags: ["dropgate"], asDropdown: false, keepTime: true }],
    templating: { list: [sourceVariable, instanceVariable] },
    panels: panels.map((panel, i) => renderPanel(panel, i + 1, spots[i] ?? { x: 0, y: 0, ...graph })),
  };
}

const sourceVariable = { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" };
const instanceVariable = {
  name: "instance",
  label: "Process",
  type: "query",
  datasource,
  query: 'label_values(up{job="dropgate"}, instance)',
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: ".*",
  current: { text: "All", value: "$__all" },
};

/** Numbers and graphs in rows, in the order of the panels. */
function placesOf(panels: readonly Panel[]) {
  let [x, y, high] = [0, 0, 0];
  return panels.map((panel) => {
    const size = isNumber(panel) ? number : graph;
    if (x + size.w > width || (high > 0 && size.h !== high)) [x, y] = [0, y + high];
    high = size.h;
    const spot = { x, y, ...size };
    x += size.w;
    return spot;
  });
}

function isNumber({ isNumber, redFrom }: Panel): boolean {
  return isNumber === true || redFrom !== undefined;
}

function renderPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, says, unit, queries, redFrom, goal } = panel;
  const line = redFrom ?? goal;
  const steps = [{ color: "green", value: null }, ...(line === undefined ? [] : [{ color: "red", value: line }])];
  return {
    id,
    title,
    description: says,
    type: isNumber(panel) ? "stat" : "timeseries",
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: "absolute", steps },
        ...(goal !== undefined && { custom: { thresholdsStyle: { mode: "dashed" } } }),
      },
      overrides: [],
    },
    targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      expr,
      legendFormat,
    })),
  };
}
