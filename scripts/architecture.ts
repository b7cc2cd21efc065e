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
  const parts = await foldersOf("src/inventory", ["migrations"]);
  return [
    "flowchart TD",
    ...box("process", "the process: src/*.ts and", rooms.process),
    ...box("modules", "modules", Object.keys(rooms.mayUse), { inventory: `inventory: ${parts.join(", ")}` }),
    ...box("engines", "src/engines", engines),
    '  platform["src/platform"]',
    "  process --> modules --> engines --> platform",
    ...Object.entries(rooms.mayUse).flatMap(([module, others]) => others.map((other) => `  ${module} --> ${other}`)),
  ].join("\n");
}

function box(id: string, title: string, names: string[], labels: Record<string, string> = {}): string[] {
  return [`  subgraph ${id}["${title}"]`, ...names.map((name) => `    ${name}["${labels[name] ?? name}"]`), "  end"];
}

async function foldersOf(path: string, except: string[] = []): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !except.includes(entry.name))
    .map(({ name }) => name)
    .toSorted();
}
