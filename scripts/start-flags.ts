/** The flags with which `npm start` runs Node, for all else that starts the system as it does. */
import { readFileSync } from "node:fs";

const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** Of V8: docs/adr/0099-a-larger-young-generation.md and 0102-objects-begin-young.md. */
export const startFlags: readonly string[] = (scripts.start as string)
  .split(" ")
  .filter((word) => word.startsWith("--"));
