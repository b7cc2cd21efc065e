/**
 * Removes the variables that would change connections behind the settings. pg reads PGHOST, PGPORT, PGSSLMODE, PGOPTIONS
 * and others for everything that a URL leaves open, and DBOS does the same with DBOS_…; neither can be told not to. A
 * developer's shell must not change the connections of a shop, so these variables are removed from this process, once, when
 * this file is loaded. Only the URL counts.
 */
const foreign = /^(PG[A-Z]|DBOS_|NODE_PG_)/;

/** The names of the removed variables, for a warning. */
export const ignoredVariables: readonly string[] = Object.keys(process.env)
  .filter((name) => foreign.test(name))
  .toSorted();

for (const name of ignoredVariables) delete process.env[name];
