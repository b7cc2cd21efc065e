/** Helm, and the validator of Kubernetes objects with all its schemas on disk, so that it needs no network. */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { aptInstall, buildOnce, cacheFolder, findProgram, goProgram, missing, type Provision, run } from "./cache.ts";

/** The API whose schemas the chart's objects are checked against. */
export const kubernetesVersion = "1.34.0";
const schemasVersion = "1.37.0";
const schemasFolder = join(cacheFolder, `kubernetes-schemas-${schemasVersion}`);

/** The modules that define the objects of the two operators, and their files. */
const operators = [
  ["github.com/prometheus-operator/prometheus-operator", "0.85.0", "example/prometheus-operator-crd/*.yaml"],
  ["github.com/kedacore/keda/v2", "2.21.0", "config/crd/bases/*.yaml"],
] as const;

export function provisionHelm(): Promise<Provision> {
  return goProgram("helm", "helm.sh/helm/v3/cmd/helm", "3.19.5");
}

export async function provisionKubeconform(): Promise<Provision> {
  const schemas = await buildOnce(`kubernetes-schemas-${schemasVersion}`, async (folder) => {
    await objectsOfKubernetes(folder);
    for (const [module, version, files] of operators) await objectsOfOperator(folder, `${module}@v${version}`, files);
  });
  const program = await goProgram("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", "0.7.0");
  return { ...program, built: program.built || schemas };
}

/** @throws Error with what helm says. */
export function helm(...args: string[]): Promise<string> {
  return run(findProgram("helm") ?? missing("helm"), args, { timeoutMs: 60_000 });
}

/** Refuses unknown fields, and objects that no schema is known of. @throws Error with the objects at fault. */
export function kubeconform(file: string): Promise<string> {
  const program = findProgram("kubeconform");
  if (!program || !existsSync(schemasFolder)) missing("kubeconform");
  const places = [
    "kubernetes/{{ .ResourceKind }}{{ .KindSuffix }}.json",
    "operators/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json",
  ].flatMap((place) => ["-schema-location", join(schemasFolder, place)]);
  const args = ["-strict", "-summary", "-kubernetes-version", kubernetesVersion, ...places, file];
  return run(program, args, { timeoutMs: 60_000 });
}

/** A Python package carries them for all versions; of one version the objects are kept, each with the parts that it refers to. */
async function objectsOfKubernetes(folder: string): Promise<void> {
  const python = findProgram("python3");
  if (!python) throw new Error("no python3 on PATH to get the schemas of Kubernetes with");
  await run(python, ["-m", "pip", "--version"], { timeoutMs: 60_000 }).catch(() => aptInstall("python3-pip"));
  const unpacked = join(folder, "unpacked");
  const download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", unpacked];
  await run(python, [...download, `kubernetes-validate==${schemasVersion}`], { timeoutMs: 300_000 });
  for (const wheel of globSync(join(unpacked, "*.whl"))) {
    await run(python, ["-m", "zipfile", "-e", wheel, unpacked], { timeoutMs: 120_000 });
  }
  const inside = `kubernetes_validate/kubernetes-json-schema/v${kubernetesVersion}-local-strict`;
  const read = (name: string) => JSON.parse(readFileSync(join(unpacked, inside, name), "utf8")) as Schema;
  const parts = read(partsFile).$defs as Record<string, Schema>;
  mkdirSync(join(folder, "kubernetes"));
  for (const name of readdirSync(join(unpacked, inside))) {
    const schema = name === partsFile ? {} : read(name);
    if (!schema.properties?.apiVersion) continue;
    const whole = { ...schema, $defs: partsOf(schema, parts) };
    const text = JSON.stringify(whole).replaceAll(toPart, '"#/$$defs/');
    writeFileSync(join(folder, "kubernetes", name), text);
  }
  rmSync(unpacked, { recursive: true });
}

const partsFile = "_definitions.json";
/** One part refers to another with or without the name of the file. */
const toPart = /"(?:\/api\/_definitions\.json)?#\/\$defs\//g;

function partsOf(schema: Schema, all: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const found = new Map<string, Schema>();
  const open = [schema];
  for (let one = open.pop(); one; one = open.pop()) {
    for (const [, name = ""] of JSON.stringify(one).matchAll(new RegExp(`${toPart.source}([^"]+)"`, "g"))) {
      const part = all[name];
      if (!part) throw new Error(`the schemas of Kubernetes ${kubernetesVersion} lack ${name}`);
      if (!found.has(name)) open.push(part);
      found.set(name, part);
    }
  }
  return Object.fromEntries(found);
}

async function objectsOfOperator(folder: string, module: string, files: string): Promise<void> {
  const go = findProgram("go");
  if (!go) throw new Error(`no go on PATH to get ${module} with`);
  const said = await run(go, ["mod", "download", "-json", module], { timeoutMs: 300_000, cwd: folder });
  const found = globSync(join((JSON.parse(said) as { Dir: string }).Dir, files));
  if (found.length === 0) throw new Error(`${module} has no ${files}`);
  for (const file of found) {
    const { spec } = parse(readFileSync(file, "utf8")) as Definition;
    const group = join(folder, "operators", spec.group);
    mkdirSync(group, { recursive: true });
    for (const { name, schema } of spec.versions) {
      const kind = spec.names.kind.toLowerCase();
      writeFileSync(join(group, `${kind}_${name}.json`), JSON.stringify(closed(schema.openAPIV3Schema)));
    }
  }
}

type Definition = {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
};
type Schema = { [key: string]: unknown; properties?: Record<string, Schema> };

/** The API server drops unknown fields in silence; the check refuses them. */
function closed(schema: Schema): Schema {
  const inner = Object.entries(schema).map(([key, value]) => [key, closedPart(key, value)]);
  const open = "additionalProperties" in schema || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const shut = schema.properties && !open ? { additionalProperties: false } : {};
  const or = schema["x-kubernetes-int-or-string"] === true ? { type: ["integer", "string"] } : {};
  return { ...Object.fromEntries(inner), ...shut, ...or };
}

function closedPart(key: string, value: unknown): unknown {
  if (key === "properties") {
    const fields = Object.entries(value as Record<string, Schema>);
    return Object.fromEntries(fields.map(([name, field]) => [name, closed(field)]));
  }
  if (key === "items" || (key === "additionalProperties" && typeof value === "object")) return closed(value as Schema);
  return value;
}
