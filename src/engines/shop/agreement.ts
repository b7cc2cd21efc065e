/**
 * Compares the settings that all processes of a shop must share: its engines, and its names on them. The first start
 * writes them into the books; a process with other settings does not start. `engines --adopt` changes them.
 */
import type { Sql } from "#engines/sql";
import { program } from "#platform/program";

export type Term = {
  name: string;
  value: string;
  /** The setting that it comes from. */
  setting: string;
  /** The present address of the engine; may differ between processes. */
  place?: string | undefined;
};

export type Agreed = { name: string; value: string; place: string | null };

/** This process would harm its shop beside the others, so it ends. */
export class MayNotRun extends Error {}

/** The settings of this process are not the shop's. */
class Disagreement extends MayNotRun {
  constructor(differences: readonly Difference[]) {
    const lines = differences.map(
      ({ term, agreed }) =>
        `  ${term.setting}: this process has ${shown(term)}, and the shop ${shown({ ...term, ...agreed })}`,
    );
    super(
      `the settings of this process are not those of its shop, and together they would break accepted orders:\n${lines.join("\n")}\n` +
        "Set what the shop's other processes have. To move the shop to other engines or names on purpose, stop all of " +
        `its processes and run, with the new settings: npx ${program.name} engines --adopt`,
    );
  }
}

export type Difference = { term: Term; agreed: Agreed };

export async function readAgreement(sql: Sql): Promise<Agreed[]> {
  return sql.query<Agreed>("select name, value, place from shop.agreement order by name");
}

export function differencesFrom(agreement: readonly Agreed[], terms: readonly Term[]): Difference[] {
  return terms.flatMap((term) => {
    const agreed = agreement.find(({ name }) => name === term.name);
    return agreed && agreed.value !== term.value ? [{ term, agreed }] : [];
  });
}

/** @throws Disagreement. Terms that the books do not know yet are no difference. */
export async function requireAgreement(sql: Sql, terms: readonly Term[]): Promise<void> {
  const differences = differencesFrom(await readAgreement(sql), terms);
  if (differences.length > 0) throw new Disagreement(differences);
}

/** Writes new values down, once the engines are open. @throws Disagreement if another process was first. */
export async function agree(sql: Sql, terms: readonly Term[]): Promise<void> {
  await sql.query(
    `insert into shop.agreement as a (name, value, place)
     select * from unnest($1::text[], $2::text[], $3::text[])
     on conflict (name) do update set place = excluded.place
      where a.value = excluded.value and a.place is distinct from excluded.place`,
    columnsOf(terms),
  );
  await requireAgreement(sql, terms);
}

/** Replaces the agreed values. Only while no process of the shop runs. */
export async function agreeAnew(sql: Sql, terms: readonly Term[]): Promise<void> {
  await sql.query(
    `insert into shop.agreement (name, value, place)
     select * from unnest($1::text[], $2::text[], $3::text[])
     on conflict (name) do update set value = excluded.value, place = excluded.place, agreed_at = now()`,
    columnsOf(terms),
  );
}

function columnsOf(terms: readonly Term[]) {
  return [terms.map(({ name }) => name), terms.map(({ value }) => value), terms.map(({ place }) => place ?? null)];
}

/** "gate Redis at 10.0.0.5:6379" */
function shown({ name, value, place }: { name: string; value: string; place?: string | null | undefined }): string {
  return `${name} ${value === "" ? "none" : value}${place ? ` at ${place}` : ""}`;
}
