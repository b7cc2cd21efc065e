/** `npm run generate`: writes the files that are made from the source. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { generatedFiles } from "./generated.ts";
import { readOptions } from "./options.ts";

readOptions("npm run generate\n\nWrites the files that are made from the source.", {});

for (const [path, text] of await generatedFiles()) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  console.log(`wrote ${path}`);
}
