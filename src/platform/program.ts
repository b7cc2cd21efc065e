import packageJson from "../../package.json" with { type: "json" };

const { name, version } = packageJson;

/** The program as its package names it. Platform and engines say its name from here, and know no other name of ours. */
export const program = {
  name,
  /** As a sentence names it. */
  title: name.charAt(0).toUpperCase() + name.slice(1),
  version,
} as const;
