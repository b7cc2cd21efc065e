/** Reads the program's name and version from its package. */
import packageJson from "../../package.json" with { type: "json" };

const { name, version } = packageJson;

/** Platform and engines take the name from here, and contain no other name of ours. */
export const program = {
  name,
  /** The name in a sentence. */
  title: name.charAt(0).toUpperCase() + name.slice(1),
  version,
} as const;
