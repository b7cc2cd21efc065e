/** Renders the diagram of rooms in ARCHITECTURE.md: its edges are the ones that `.dependency-cruiser.cjs` allows. */
import { readdir, readFile } from "node:fs/promises";
import rooms from "./rooms.json" with { type: "json" };

const page = "ARCHITECTURE.md";
const block = /(?<=<!-- rooms: written by npm run generate -->\n).*?(?=<!-- end of rooms -->)/s;

/** ARCHITECTURE.md with a new diagram in place of the old one. */
export async function renderArchitecture(): Promise<string> {
  const text = await readFile(page, "utf8");
  if (!block.test(text)) throw new Error(`${page} has lost the comments between which the diagram of rooms stands`);
  const diagram = await drawRooms();
  return text.replace(block, () => `\`\`\`mermaid\n${diagram}\n\`\`\`\n`);
}

async function drawRooms(): Promise<string> {
  const engines = await foldersOf("src/engines");
  const modules = Object.keys(rooms.mayUse);
  const labels = new Map(await Promise.all(modules.map(async (name) => [name, await labelOf(name)] as const)));
  return [
    "flowchart TD",
    ...box("process", "the process: src/*.ts and", rooms.process),
    ...box("modules", "modules", modules, labels),
    ...box("engines", "src/engines", engines),
    '  platform["src/platform"]',
    "  process --> modules --> engines --> platform",
    ...Object.entries(rooms.mayUse).flatMap(([module, others]) => others.map((other) => `  ${module} --> ${other}`)),
  ].join("\n");
}

/** A module's name, and the folders of its code. */
async function labelOf(module: string): Promise<string> {
  const folders = await foldersOf(`src/${module}`, ["contract", "histories", "migrations"]);
  return folders.length > 0 ? `${module}: ${folders.join(", ")}` : module;
}

function box(id: string, title: string, names: string[], labels: ReadonlyMap<string, string> = new Map()): string[] {
  return [
    `  subgraph ${id}["${title}"]`,
    ...names.map((name) => `    ${name}["${labels.get(name) ?? name}"]`),
    "  end",
  ];
}

async function foldersOf(path: string, except: string[] = []): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !except.includes(entry.name))
    .map(({ name }) => name)
    .toSorted();
}
