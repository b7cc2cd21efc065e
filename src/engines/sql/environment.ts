/**
 * pg takes whatever a URL leaves open from PGHOST, PGPORT, PGSSLMODE, PGOPTIONS and their like, and DBOS does the same
 * with DBOS_…; neither can be told not to. A developer's shell must not bend the connections of a shop, so these
 * variables are taken out of this process, once, as this file is loaded. The URL alone counts.
 */
const foreign = /^(PG[A-Z]|DBOS_|NODE_PG_)/;

/** The names of what was taken out, for a warning. */
export const ignoredVariables: readonly string[] = Object.keys(process.env)
  .filter((name) => foreign.test(name))
  .toSorted();

for (const name of ignoredVariables) delete process.env[name];
