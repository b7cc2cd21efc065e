/** Writes the documentation into a folder, whole or not at all. */
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Site } from "./site.ts";

export async function writeSite({ made, copied }: Site, folder: string): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  const placed = async (path: string) => {
    const target = join(draft, path);
    await mkdir(dirname(target), { recursive: true });
    return target;
  };
  try {
    for (const [path, text] of made) await writeFile(await placed(path), text);
    for (const [path, source] of copied) await copyFile(source, await placed(path));
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
