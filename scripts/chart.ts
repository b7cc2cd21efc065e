/**
 * Makes the parts of the Helm chart that repeat another text: the schema of its values, from the settings and the services,
 * and the rules of Prometheus, because a chart can read only its own folder.
 */
import { readFile } from "node:fs/promises";
import type { Setting } from "#platform/config";
import { settings } from "../src/config/settings.ts";
import { serviceNames } from "../src/service-names.ts";

const folder = "deploy/helm/dropgate";
const ruleFiles = ["recording", "slo", "drop", "integrity", "operation"].map((name) => `${name}.yaml`);

/** The chart sets them itself, from other values. */
const setByChart = new Set([
  ...["PORT", "HOST", "MANAGEMENT_PORT", "DATA_DIR", "TRUST_PROXY"],
  ...serviceNames.map((name) => `${name.toUpperCase()}_URL`),
]);

/** Text by path from the root. */
export async function chartFiles(): Promise<[path: string, text: string][]> {
  const rules = ruleFiles.map(
    async (name): Promise<[string, string]> => [
      `${folder}/rules/${name}`,
      await readFile(`deploy/prometheus/${name}`, "utf8"),
    ],
  );
  return [...(await Promise.all(rules)), [`${folder}/values.schema.json`, `${JSON.stringify(schema(), null, 2)}\n`]];
}

const text = { type: "string" };
const word = { type: "string", minLength: 1 };
const flag = { type: "boolean" };
const count = { type: "integer", minimum: 1 };
const port = { type: "integer", minimum: 1, maximum: 65_535 };
const anything = { type: "object" };
const places = { type: "array", items: anything };

function list(items: object, more: object = {}) {
  return { type: "array", items, ...more };
}

/** Nothing else is allowed, so that a typing error is refused and not ignored. */
function closed(properties: Record<string, object>, required: readonly string[] = Object.keys(properties)) {
  return { type: "object", additionalProperties: false, required, properties };
}

function schema() {
  const rows = Object.entries(settings as Record<string, Setting>);
  const open = rows.filter(([name, { secret }]) => !secret && !setByChart.has(name));
  const secrets = rows.filter(([, { secret }]) => secret).map(([name]) => name);
  const processes = ["gateway", ...serviceNames];
  const process = closed({ replicas: count, maxReplicas: count, resources: anything }, ["replicas", "maxReplicas"]);
  const replicas = Object.fromEntries(processes.map((name) => [name, count]));
  const reach = closed({ ports: list(port, { minItems: 1 }), to: places });
  return {
    title: "Values of the chart dropgate; made by npm run generate",
    ...closed(
      {
        global: anything,
        image: closed({
          repository: word,
          tag: text,
          digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
          pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
          pullSecrets: list(word),
        }),
        settings: closed(Object.fromEntries(open.map(([name, setting]) => [name, valueSchema(setting)])), [
          "REDIS_HOST",
          "KAFKA_BOOTSTRAP",
        ]),
        secret: closed({
          name: word,
          settings: list(
            { enum: secrets },
            {
              uniqueItems: true,
              allOf: ["DATABASE_URL", "JWT_SECRET"].map((name) => ({ contains: { const: name } })),
            },
          ),
        }),
        certificates: closed({ configMap: text }),
        trustProxy: closed({ gateway: text, services: text }),
        processes: closed(Object.fromEntries(processes.map((name) => [name, process]))),
        resources: anything,
        autoscaling: closed({
          kind: { enum: ["none", "hpa", "keda"] },
          cpuPercent: { type: "integer", minimum: 1, maximum: 100 },
          lagRecords: count,
          drops: list(closed({ timezone: word, start: word, end: word, replicas: closed(replicas, []) })),
        }),
        networkPolicy: closed({
          enabled: flag,
          public: closed({ from: places }),
          operators: closed({ from: places }),
          monitoring: closed({ from: places }),
          dns: closed({ to: places }),
          engines: closed({ postgresql: reach, redis: reach, kafka: reach, temporal: reach }),
          mail: reach,
          traces: reach,
          web: reach,
        }),
        monitoring: closed({
          enabled: flag,
          interval: { type: "string", pattern: "^[0-9]+(ms|s|m)$" },
          labels: { type: "object", additionalProperties: text },
        }),
      },
      ["image", "settings", "secret", "processes", "resources", "autoscaling", "networkPolicy", "monitoring"],
    ),
  };
}

function valueSchema({ type, says, min, max, oneOf, pattern }: Setting): object {
  const description = { description: says };
  if (type === "flag") return { type: "boolean", ...description };
  if (type === "integer") return { type: "integer", minimum: min, maximum: max, ...description };
  if (oneOf) return { enum: oneOf, ...description };
  return { ...word, ...(pattern && { pattern: `^(?:${pattern})$` }), ...description };
}
