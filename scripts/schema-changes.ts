/**
 * Compares two schemas of a record that processes of two releases write and read beside each other. The later one may only
 * add: what the earlier one wrote must be readable, and what it relies on must be there.
 */
export type Schema = {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  anyOf?: readonly Schema[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
};

/** One sentence a change that breaks the other release. */
export function breakingChanges(before: Schema, after: Schema | undefined, path: string): string[] {
  if (!after) return [`${path} is gone`];
  if (before.anyOf || after.anyOf) return alternativesOf(before, after, path);
  if (before.type !== after.type) return [`${path} was ${before.type} and is ${after.type}`];
  return [
    ...choicesOf(before, after, path),
    ...boundsOf(before, after, path),
    ...propertiesOf(before, after, path),
    ...(before.items ? breakingChanges(before.items, after.items, `${path}[]`) : []),
  ];
}

/** Each way in which the earlier release may write it has to be one of the present ones. */
function alternativesOf(before: Schema, after: Schema, path: string): string[] {
  const present = after.anyOf ?? [after];
  return (before.anyOf ?? [before]).flatMap((one) => {
    const faults = present.map((other) => breakingChanges(one, other, path));
    return faults.some((found) => found.length === 0) ? [] : (faults[0] ?? [`${path} is gone`]);
  });
}

function choicesOf(before: Schema, after: Schema, path: string): string[] {
  const had = before.enum ?? (before.const === undefined ? undefined : [before.const]);
  const has = after.enum ?? (after.const === undefined ? undefined : [after.const]);
  if (!has) return [];
  if (!had) return [`${path} may no longer be any ${before.type}`];
  return had.filter((choice) => !has.includes(choice)).map((choice) => `${path} may no longer be ${choice}`);
}

function boundsOf(before: Schema, after: Schema, path: string): string[] {
  const lowest = ["minimum", "minLength", "minItems"] as const;
  const highest = ["maximum", "maxLength", "maxItems"] as const;
  const least = Number.NEGATIVE_INFINITY;
  const most = Number.POSITIVE_INFINITY;
  return [
    ...lowest.filter((bound) => (after[bound] ?? least) > (before[bound] ?? least)),
    ...highest.filter((bound) => (after[bound] ?? most) < (before[bound] ?? most)),
    // Which of two patterns is the wider one is not decided here.
    ...(["pattern", "format"] as const).filter((bound) => after[bound] !== undefined && after[bound] !== before[bound]),
  ].map((bound) => `${path}: its ${bound} was ${before[bound] ?? "none"} and is ${after[bound]}`);
}

function propertiesOf(before: Schema, after: Schema, path: string): string[] {
  const [needed, needs] = [before.required ?? [], after.required ?? []];
  return [
    ...Object.entries(before.properties ?? {}).flatMap(([name, schema]) =>
      breakingChanges(schema, after.properties?.[name], `${path}.${name}`),
    ),
    ...needed
      .filter((name) => !needs.includes(name) && after.properties?.[name])
      .map((name) => `${path}.${name} may be absent, and processes of the last release rely on it`),
    ...needs
      .filter((name) => !needed.includes(name))
      .map((name) => `${path}.${name} is required, and records of the last release lack it`),
  ];
}
