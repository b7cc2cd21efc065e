import packageJson from "../../package.json" with { type: "json" };

const { name, version } = packageJson;

/** The program's name, from its package. Platform and engines take it from here, and contain no other name of ours. */
export const program = {
  name,
  /** The name in a sentence. */
  title: name.charAt(0).toUpperCase() + name.slice(1),
  version,
} as const;
