/** The Helm chart: Helm itself renders it, a validator reads every object, and the program reads every environment. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { createLog } from "#platform/log";
import openApi from "../../openapi.json" with { type: "json" };
import { readConfig } from "../../src/config/config.ts";
import { settings } from "../../src/config/settings.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import { serviceNames } from "../../src/service-names.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { kubeconform } from "../servers/kubernetes.ts";
import {
  allows,
  type Container,
  chart,
  chartFolder,
  type End,
  type Labels,
  type Manifest,
  objectsOf,
  podOf,
  type Selector,
  selects,
} from "./chart.ts";

/** Every option, and a shop with a name of its own. */
const everything = {
  image: { digest: `sha256:${"0".repeat(64)}`, pullSecrets: ["registry"] },
  settings: {
    SHOP: "staging",
    LOG_LEVEL: "warn",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4318",
    PUBLIC_URL: "https://shop.example",
    RECONCILE_EVERY_MS: 86_400_000,
    REDIS_TLS: true,
    REDIS_CA_FILE: "/etc/dropgate/certificates/redis.pem",
    KAFKA_BOOTSTRAP: "a.example:9093,b.example:9093",
    KAFKA_TLS: true,
    KAFKA_CA_FILE: "/etc/dropgate/certificates/kafka.pem",
    KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
    KAFKA_SASL_USERNAME: "dropgate",
    PAYMENT_PROVIDER: "stripe",
    STRIPE_PUBLISHABLE_KEY: "pk_test_1",
    OIDC_ISSUER: "https://people.example",
    OIDC_CLIENT_ID: "shop",
    MAIL_FROM: "Shop <shop@shop.example>",
  },
  secret: {
    name: "shop-secrets",
    settings: [
      ...["DATABASE_URL", "JWT_SECRET", "REDIS_PASSWORD", "KAFKA_SASL_PASSWORD", "SMTP_URL", "STRIPE_SECRET_KEY"],
      ...["STRIPE_WEBHOOK_SECRET", "OIDC_CLIENT_SECRET", "REPORTS_DATABASE_URL"],
    ],
  },
  certificates: { configMap: "certificates" },
  trustProxy: { gateway: "10.1.0.0/16" },
  autoscaling: {
    kind: "keda",
    drops: [
      { timezone: "Europe/Berlin", start: "45 9 * * *", end: "0 11 * * *", replicas: { order: 8, settlement: 4 } },
    ],
  },
  networkPolicy: { engines: { kafka: { ports: [9093] } } },
  monitoring: { enabled: true, labels: { release: "prometheus" } },
};

/** Of the right form, so that the program accepts it. */
const secretValues: Record<string, string> = {
  REDIS_PASSWORD: "redis-password",
  KAFKA_SASL_PASSWORD: "kafka-password",
  JWT_SECRET: "a secret of more than thirty-two bytes",
  SMTP_URL: "smtps://shop:password@mail.example:465",
  STRIPE_SECRET_KEY: "sk_test_1",
  STRIPE_WEBHOOK_SECRET: "whsec_1",
  OIDC_CLIENT_SECRET: "client-secret",
  OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=1",
};

const variants = {
  defaults: {},
  "scaling by CPU, workflows in PostgreSQL": { autoscaling: { kind: "hpa" }, settings: { TEMPORAL_ADDRESS: null } },
  everything,
};
const processes = ["gateway", ...serviceNames];

describe("the Helm chart", () => {
  const files = chartFolder();
  const rendered: Record<string, Manifest[]> = {};
  let certificate = "";
  after(files.remove);
  before(async () => {
    certificate = (await makeCertificates(files.folder)).ca;
    for (const [name, values] of Object.entries(variants)) {
      rendered[name] = objectsOf(readFileSync(await files.render(values), "utf8"));
    }
  });
  const objects = (kind: string, variant = "everything") =>
    (rendered[variant] ?? []).filter((one) => one.kind === kind);
  const componentOf = ({ metadata }: Manifest) => metadata.labels["app.kubernetes.io/component"] ?? "";
  const podsOf = (variant: string) => [...objects("Deployment", variant), ...objects("Job", variant)];
  const containerOf = (object: Manifest) => object.spec.template.spec.containers[0] as Container;

  for (const [name, values] of Object.entries(variants)) {
    test(`Helm finds no fault in the chart, and the schemas of Kubernetes and its operators none in its objects: ${name}`, async () => {
      await files.lint(values);
      const said = await kubeconform(await files.render(values));
      assert.match(said, /Invalid: 0, Errors: 0, Skipped: 0/);
    });
  }

  test("the validator refuses an unknown field in each kind of object, so its silence says something", async () => {
    const kinds = Map.groupBy(Object.values(rendered).flat(), ({ kind }) => kind);
    assert.ok(kinds.size >= 10, [...kinds.keys()].join());
    const wrong = [...kinds.values()].map(([one]) => ({ ...one, spec: { ...one?.spec, unheardOf: 1 } }));
    const file = join(files.folder, "wrong.yaml");
    writeFileSync(file, wrong.map((object) => JSON.stringify(object)).join("\n---\n"));
    await assert.rejects(kubeconform(file), new RegExp(`Invalid: ${kinds.size}, Errors: 0`));
  });

  for (const [says, values, named] of [
    ["a setting that does not exist", { settings: { REDIS_HOTS: "redis" } }, "REDIS_HOTS"],
    ["a secret as a value", { settings: { JWT_SECRET: "in the open" } }, "JWT_SECRET"],
    ["an address that the chart sets", { settings: { ORDER_URL: "http://elsewhere.example" } }, "ORDER_URL"],
    ["a value outside of a setting's bounds", { settings: { REDIS_PORT: 70_000 } }, "REDIS_PORT"],
    ["no secret for tokens", { secret: { settings: ["DATABASE_URL"] } }, "JWT_SECRET"],
    ["a process that does not exist", { processes: { orders: { replicas: 1, maxReplicas: 1 } } }, "orders"],
    ["no process of a service", { processes: { order: { replicas: 0 } } }, "/processes/order/replicas"],
    ["an unknown scaler", { autoscaling: { kind: "kedda" } }, "/autoscaling/kind"],
    ["a misspelt option", { networkPolicies: { enabled: false } }, "networkPolicies"],
  ] as const) {
    test(`values with ${says} are refused, and the message names the place`, async () => {
      await assert.rejects(files.render(values), new RegExp(named));
    });
  }

  test("each service runs in one Deployment, by the command of compose.split.yaml, and so does the gateway", () => {
    const compose = parse(readFileSync("compose.split.yaml", "utf8")) as {
      services: Record<string, { command?: string[] }>;
    };
    for (const variant of Object.keys(variants)) {
      const found = objects("Deployment", variant).map((one) => [componentOf(one), containerOf(one).args] as const);
      const wanted = processes.map((name) => [name, compose.services[name]?.command] as const);
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries(wanted));
      assert.equal(found.length, processes.length);
    }
  });

  test("every container is without privileges, on a read-only root, with bounds of memory", () => {
    for (const object of Object.keys(variants).flatMap(podsOf)) {
      const { spec } = object.spec.template;
      const container = containerOf(object);
      assert.equal(spec.containers.length, 1);
      assert.deepEqual(container.securityContext, {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
      assert.equal(spec.securityContext.runAsNonRoot, true);
      assert.ok(Number(spec.securityContext.runAsUser) > 0);
      assert.deepEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" });
      assert.equal(spec.automountServiceAccountToken, false);
      // A Service with the name of an engine would else set a variable that is a setting.
      assert.equal(spec.enableServiceLinks, false);
      assert.ok(container.resources.limits.memory && container.resources.requests.cpu, object.metadata.name);
      assert.ok(container.volumeMounts.some(({ mountPath }) => mountPath === "/tmp"));
    }
  });

  test("the image runs as the chart's user, by its number, and chart, image and package have one version", () => {
    const user = /^USER (\d+):(\d+)$/m.exec(readFileSync("Dockerfile", "utf8"))?.slice(1).map(Number);
    for (const { spec } of podsOf("everything")) {
      const { runAsUser, runAsGroup } = spec.template.spec.securityContext;
      assert.deepEqual([runAsUser, runAsGroup], user);
    }
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    const said = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { version: string; appVersion: string };
    assert.deepEqual([said.version, said.appVersion], [version, version]);
  });

  test("a release is built for both processors, with the list of its parts and its origin, and holds no secret", () => {
    const text = readFileSync(".github/workflows/release.yml", "utf8");
    type Step = { uses?: string; with?: Record<string, unknown> };
    const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> };
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const build = steps.find(({ uses }) => uses?.startsWith("docker/build-push-action"));
    assert.equal(build?.with?.platforms, "linux/amd64,linux/arm64");
    assert.equal(build?.with?.sbom, true);
    assert.equal(build?.with?.provenance, "mode=max");
    assert.doesNotMatch(text, /\bsecrets\./);
  });

  test("each process is probed at routes that it has, and spread over zones and machines", async () => {
    const gateway = objects("Deployment", "defaults").find((one) => componentOf(one) === "gateway") as Manifest;
    const app = await createGateway(readConfig(environmentOf(gateway), "no .env here"), createLog({ level: "silent" }));
    try {
      for (const object of objects("Deployment")) {
        const { startupProbe, livenessProbe, readinessProbe, ports } = containerOf(object);
        assert.match(livenessProbe?.httpGet.path ?? "", /liveness$/);
        for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe].map(
          (probe) => probe ?? assert.fail(),
        )) {
          assert.ok(ports?.some(({ name }) => name === httpGet.port));
          if (componentOf(object) === "gateway") assert.equal((await app.inject(httpGet.path)).statusCode, 200);
          else assert.ok(httpGet.path in openApi.paths, httpGet.path);
        }
        const spread = object.spec.template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);
        assert.deepEqual(spread, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
      }
    } finally {
      await app.close();
    }
  });

  test("a pod has the time that compose gives its process to stop, beside the sleep before it", () => {
    const compose = parse(readFileSync("deploy/process.yaml", "utf8")) as {
      services: { dropgate: { stop_grace_period: string } };
    };
    const stopSeconds = Number.parseInt(compose.services.dropgate.stop_grace_period, 10);
    for (const object of objects("Deployment")) {
      const sleepSeconds = containerOf(object).lifecycle?.preStop.sleep.seconds ?? 0;
      assert.ok(sleepSeconds > 0);
      assert.equal(object.spec.template.spec.terminationGracePeriodSeconds, stopSeconds + sleepSeconds);
    }
  });

  test("each process has one budget of disruption and one Service, and both select its pods alone", () => {
    for (const kind of ["Service", "PodDisruptionBudget"]) {
      assert.equal(objects(kind).length, processes.length);
      for (const object of objects(kind)) {
        const { selector } = object.spec;
        const wanted = kind === "Service" ? { matchLabels: selector as Labels } : (selector as Selector);
        const found = podsOf("everything").filter((one) => selects(wanted, one.spec.template.metadata.labels));
        assert.deepEqual(found.map(componentOf), [componentOf(object)]);
      }
    }
  });

  test("the chart renders no Secret, and the program accepts the environment of each container without a warning", () => {
    for (const variant of Object.keys(variants)) {
      assert.equal(objects("Secret", variant).length, 0);
      for (const object of podsOf(variant)) {
        const config = readConfig(environmentOf(object), "no .env here");
        assert.deepEqual(config.warnings, [], object.metadata.name);
        const isGateway = componentOf(object) === "gateway";
        assert.equal(config.profile.sql, isGateway ? "embedded" : "real");
        if (!isGateway) assert.deepEqual([config.profile.gate, config.profile.log], ["real", "real"]);
        const hasTemporal = !isGateway && !variant.includes("PostgreSQL");
        assert.equal(config.profile.workflows, hasTemporal ? "real" : "embedded");
        assert.equal(config.PAYMENT_PROVIDER, variant === "everything" ? "stripe" : "simulator");
      }
    }
  });

  test("the gateway, which strangers reach, holds no secret of an engine and knows the address of each service", () => {
    for (const variant of Object.keys(variants)) {
      const gateway = objects("Deployment", variant).find((one) => componentOf(one) === "gateway") as Manifest;
      const names = containerOf(gateway).env.map(({ name }) => name);
      assert.ok(!names.some((name) => /DATABASE|REDIS|KAFKA|JWT|SMTP|TEMPORAL/.test(name)), names.join());
      const addresses = Object.keys(settings).filter((name) =>
        serviceNames.includes(name.replace(/_URL$/, "").toLowerCase()),
      );
      for (const name of addresses) {
        const service = name.replace(/_URL$/, "").toLowerCase();
        const { value } = containerOf(gateway).env.find((one) => one.name === name) ?? assert.fail(`no ${name}`);
        assert.equal(value, `http://shop-${service}:8080`);
        assert.ok(objects("Service", variant).some(({ metadata }) => metadata.name === `shop-${service}`));
      }
    }
  });

  test("the schemas are migrated before the first process of a version starts", () => {
    const [job] = objects("Job") as [Manifest];
    assert.equal(job.metadata.annotations?.["helm.sh/hook"], "pre-install,pre-upgrade");
    assert.deepEqual(containerOf(job).args, ["migrate"]);
  });

  const outside = (namespace: string): End => ({ namespace: { "kubernetes.io/metadata.name": namespace } });
  const own = (name: string) => podOf({ ...labelsOf, "app.kubernetes.io/component": name });
  const labelsOf = { "app.kubernetes.io/name": "dropgate", "app.kubernetes.io/instance": "shop" };

  test("each flow that a process needs is allowed", () => {
    const policies = objects("NetworkPolicy");
    const passes = (from: End, to: End, port: string | number, says: string) =>
      assert.ok(allows(policies, from, to, port), says);
    passes(outside("internet"), own("gateway"), "http", "buyers to the gateway");
    const operator = podOf({ "dropgate.example/operator": "true" });
    passes(operator, own("gateway"), "operators", "operators to the gateway");
    for (const name of processes) passes(own(name), outside("kube-system"), 53, `${name} to the names`);
    for (const name of processes) passes(own(name), outside("monitoring"), 4318, `${name} to the receiver of traces`);
    for (const name of serviceNames) {
      for (const port of [5432, 6379, 9093, 7233]) passes(own(name), outside("engines"), port, `${name} to ${port}`);
      passes(own(name), outside("mail"), 465, `${name} to the mail server`);
      passes(own(name), outside("internet"), 443, `${name} to Stripe`);
      passes(outside("monitoring"), own(name), "http", `Prometheus to ${name}`);
      if (`${name.toUpperCase()}_URL` in settings) passes(own("gateway"), own(name), "http", `gateway to ${name}`);
    }
    passes(own("migration"), outside("engines"), 5432, "the migration to PostgreSQL");
    passes(own("migration"), outside("kube-system"), 53, "the migration to the names");
  });

  test("the process that draws lines reaches the public beacon, if one is set, and the others do not", async () => {
    const values = { settings: { BEACON_URLS: "https://api.drand.example" } };
    const policies = objectsOf(readFileSync(await files.render(values), "utf8")).filter(
      ({ kind }) => kind === "NetworkPolicy",
    );
    const reach = processes.filter((name) => allows(policies, own(name), outside("internet"), 443));
    assert.deepEqual(reach.toSorted(), ["drop", "identity", "notification"]);
  });

  test("each other flow is refused", () => {
    const policies = objects("NetworkPolicy", "defaults");
    const isRefused = (from: End, to: End, port: string | number, says: string) =>
      assert.ok(!allows(policies, from, to, port), says);
    for (const name of [...serviceNames, "migration"]) {
      isRefused(outside("internet"), own(name), "http", `strangers to ${name}`);
      isRefused(own(name), own("gateway"), "operators", `${name} to the port for operators`);
      for (const other of serviceNames) isRefused(own(name), own(other), "http", `${name} to ${other}`);
    }
    isRefused(outside("internet"), own("gateway"), "operators", "strangers to the port for operators");
    for (const port of [5432, 6379, 9092, 7233, 443, 465])
      isRefused(own("gateway"), outside("engines"), port, `gateway ${port}`);
    for (const name of ["order", "settlement", "payment"])
      isRefused(own(name), outside("internet"), 443, `${name} to the web`);
    for (const name of processes) isRefused(own(name), outside("monitoring"), 4318, `${name} to a receiver of traces`);
    for (const port of [6379, 9092, 443]) isRefused(own("migration"), outside("engines"), port, `migration ${port}`);
  });

  test("the alerts of the chart are those of deploy/prometheus, and the monitor gives them their job", () => {
    const folder = "deploy/prometheus";
    const groups = readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .flatMap((name) => (parse(readFileSync(join(folder, name), "utf8")) as { groups?: unknown[] }).groups ?? []);
    assert.ok(groups.length >= 5);
    const byName = (all: unknown[]) => all.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
    assert.deepEqual(byName(objects("PrometheusRule").flatMap(({ spec }) => spec.groups as unknown[])), byName(groups));
    const [monitor] = objects("ServiceMonitor") as [Manifest];
    const scraped = objects("Service").filter((one) => selects(monitor.spec.selector as object, one.metadata.labels));
    assert.deepEqual(scraped.map(componentOf).toSorted(), serviceNames.toSorted());
    assert.deepEqual((monitor.spec.endpoints as { relabelings: unknown }[])[0]?.relabelings, [
      { targetLabel: "job", replacement: "dropgate" },
    ]);
  });

  test("a Deployment that a scaler scales has no number of replicas, and any other has one", () => {
    for (const [variant, kind] of Object.entries({
      "scaling by CPU, workflows in PostgreSQL": "HorizontalPodAutoscaler",
      everything: "ScaledObject",
    })) {
      const scaled = objects(kind, variant).map(({ spec }) => (spec.scaleTargetRef as { name: string }).name);
      assert.ok(scaled.includes("shop-order") && scaled.includes("shop-settlement"));
      for (const { metadata, spec } of objects("Deployment", variant)) {
        assert.equal(spec.replicas === undefined, scaled.includes(metadata.name), metadata.name);
      }
    }
  });

  test("settlement follows the lag of the shop's own topic, and a drop has its processes before it opens", () => {
    type Trigger = { type: string; metadata: Record<string, string>; authenticationRef?: { name: string } };
    const triggersOf = (name: string) =>
      objects("ScaledObject").find((one) => componentOf(one) === name)?.spec.triggers as Trigger[];
    const settlement = objects("Deployment").find((one) => componentOf(one) === "settlement") as Manifest;
    const config = readConfig(environmentOf(settlement), "no .env here");
    const [lag, cron] = triggersOf("settlement") as [Trigger, Trigger];
    assert.equal(lag.metadata.topic, config.TOPIC_ORDERS_RESERVATIONS);
    assert.equal(lag.metadata.consumerGroup, config.GROUP_ORDER_PROCESSOR);
    assert.equal(lag.metadata.bootstrapServers, config.KAFKA_BOOTSTRAP);
    assert.equal(lag.authenticationRef?.name, objects("TriggerAuthentication")[0]?.metadata.name);
    assert.deepEqual(cron.metadata, {
      timezone: "Europe/Berlin",
      start: "45 9 * * *",
      end: "0 11 * * *",
      desiredReplicas: "4",
    });
    assert.deepEqual(
      triggersOf("order").map(({ type }) => type),
      ["cpu", "cron"],
    );
    assert.deepEqual(
      triggersOf("product").map(({ type }) => type),
      ["cpu"],
    );
  });

  /** The environment of the process, with the files of the Secret in a folder of the test. */
  function environmentOf(object: Manifest): Record<string, string> {
    const { volumes } = object.spec.template.spec;
    const items = volumes.flatMap(({ secret }) => secret?.items ?? []);
    const place = join(files.folder, "secrets");
    mkdirSync(place, { recursive: true });
    for (const { key, path } of items)
      writeFileSync(join(place, path), secretValues[key] ?? "postgres://shop:pw@db.example/shop");
    for (const name of ["redis.pem", "kafka.pem"]) copyFileSync(certificate, join(place, name));
    const mounted = /^\/(run\/secrets\/dropgate|etc\/dropgate\/certificates)(?=\/)/;
    return Object.fromEntries(containerOf(object).env.map(({ name, value }) => [name, value.replace(mounted, place)]));
  }
});

function nameOf(group: unknown): string {
  return (group as { name: string }).name;
}
