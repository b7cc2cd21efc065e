/** Renders the Helm chart, and says which connections its network policies allow. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { helm, kubernetesVersion } from "../servers/kubernetes.ts";

export const chart = "deploy/helm/dropgate";

export type Labels = Record<string, string>;
type Expression = { key: string; operator: "In" | "NotIn"; values: string[] };
export type Selector = { matchLabels?: Labels; matchExpressions?: Expression[] };
type Probe = { httpGet: { path: string; port: string } };

export type Container = {
  args: string[];
  ports?: { name: string; containerPort: number }[];
  env: { name: string; value: string }[];
  resources: { requests: Labels; limits: Labels };
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { sleep: { seconds: number } } };
};

export type Pod = {
  containers: Container[];
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  securityContext: Record<string, unknown>;
  terminationGracePeriodSeconds?: number;
  topologySpreadConstraints?: { topologyKey: string }[];
  volumes: { name: string; secret?: { secretName: string; items: { key: string; path: string }[] } }[];
};

type Peer = { podSelector?: Selector; namespaceSelector?: Selector };
type Rule = { ports: { protocol: string; port: string | number }[]; to?: Peer[]; from?: Peer[] };

export type Manifest = {
  kind: string;
  metadata: { name: string; labels: Labels; annotations?: Labels };
  spec: {
    replicas?: number;
    template: { metadata: { labels: Labels }; spec: Pod };
    podSelector: Selector;
    policyTypes: string[];
    ingress?: Rule[];
    egress?: Rule[];
    [more: string]: unknown;
  };
};

/** A folder for files of values, removed by `remove`. */
export function chartFolder() {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-chart-"));
  let files = 0;
  function withValues(values: object): string[] {
    files += 1;
    const file = join(folder, `values-${files}.json`);
    writeFileSync(file, JSON.stringify(values));
    return ["--kube-version", kubernetesVersion, "--values", file];
  }
  return {
    folder,
    lint: (values: object) => helm("lint", "--strict", chart, ...withValues(values)),
    /** The file with all objects. @throws Error with what helm says. */
    async render(values: object): Promise<string> {
      const file = join(folder, `objects-${files}.yaml`);
      writeFileSync(file, await helm("template", "shop", chart, "--namespace", "shop", ...withValues(values)));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export function objectsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  const equal = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    matchExpressions.every(({ key, operator, values }) => values.includes(labels[key] ?? "") === (operator === "In"))
  );
}

/** A pod of the release, or a place outside of it with the labels of its namespace. */
export type End = { pod?: Labels; namespace: Labels };

const releaseNamespace = { "kubernetes.io/metadata.name": "shop" };

export function podOf(labels: Labels): End {
  return { pod: labels, namespace: releaseNamespace };
}

/** As Kubernetes decides: a selected pod refuses what no policy of that direction allows; others refuse nothing. */
export function allows(policies: readonly Manifest[], from: End, to: End, port: string | number): boolean {
  return passes(policies, "Egress", from, to, port) && passes(policies, "Ingress", to, from, port);
}

function passes(
  policies: readonly Manifest[],
  way: "Ingress" | "Egress",
  at: End,
  other: End,
  port: string | number,
): boolean {
  if (at.namespace !== releaseNamespace) return true;
  const labels = at.pod ?? {};
  const relevant = policies.filter(({ spec }) => spec.policyTypes.includes(way) && selects(spec.podSelector, labels));
  if (relevant.length === 0) return true;
  const rules = relevant.flatMap(({ spec }) => (way === "Ingress" ? spec.ingress : spec.egress) ?? []);
  return rules.some((rule) => {
    const peers = way === "Ingress" ? rule.from : rule.to;
    const isPort = rule.ports.some((one) => one.port === port);
    return isPort && (peers === undefined || peers.some((peer) => isPeer(peer, other)));
  });
}

/** Without a selector of namespaces only pods of the policy's own namespace are meant. */
function isPeer({ podSelector, namespaceSelector }: Peer, { pod = {}, namespace }: End): boolean {
  const inPlace = namespaceSelector ? selects(namespaceSelector, namespace) : namespace === releaseNamespace;
  return inPlace && (podSelector === undefined || selects(podSelector, pod));
}
