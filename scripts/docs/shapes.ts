/** Shows a JSON schema as a list of its fields: names, types, limits, and what each is for. */
import { escaped } from "./page.ts";

export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  enum?: readonly unknown[];
  const?: unknown;
  not?: Schema;
  default?: unknown;
  examples?: readonly unknown[];
} & Record<string, unknown>;

/** `link` gives the address of a schema that has a place of its own. */
export type Shown = { link(name: string): string; prose(text: string): string };

export function renderSchema(schema: Schema, shown: Shown): string {
  const fields = fieldsOf(schema, shown);
  const says = schema.description ? ` ${shown.prose(schema.description)}` : "";
  return `<p class="type">${typeOf(schema, shown)}${limitsOf(schema)}${says}</p>${fields}`;
}

/** The type of a value in a few words, its own fields not included. */
export function typeOf(schema: Schema, shown: Shown): string {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="${escaped(shown.link(name))}">${escaped(name)}</a>`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, shown)))].join(" or ");
  if (schema.const !== undefined) return valueText(schema.const);
  if (schema.enum) return valuesOf(schema.enum);
  if (schema.type === "array") return `list of ${typeOf(schema.items ?? {}, shown)}`;
  const types = [schema.type ?? (schema.properties ? "object" : "any value")].flat();
  const format = typeof schema.format === "string" ? ` (${schema.format})` : "";
  return escaped(types.join(" or ") + format);
}

function fieldsOf(schema: Schema, shown: Shown): string {
  if (schema.$ref) return "";
  const inner = [schema.items, ...(schema.anyOf ?? schema.oneOf ?? [])].filter((each) => each !== undefined);
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const need = schema.required?.includes(name) ? "" : ' <span class="optional">optional</span>';
    const says = field.description ? `<p>${shown.prose(field.description)}</p>` : "";
    const head = `<code>${escaped(name)}</code> <span class="type">${typeOf(field, shown)}${limitsOf(field)}</span>${need}`;
    return `<li>${head}${says}${fieldsOf(field, shown)}</li>`;
  });
  const map = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  if (map && Object.keys(map).length > 0) {
    own.push(`<li><i>each name</i> <span class="type">${typeOf(map, shown)}</span>${fieldsOf(map, shown)}</li>`);
  }
  const list = own.length > 0 ? `<ul class="fields">${own.join("")}</ul>` : "";
  return list + inner.map((each) => fieldsOf(each, shown)).join("");
}

const limits: readonly [key: string, says: string][] = [
  ["minimum", "≥ "],
  ["exclusiveMinimum", "> "],
  ["maximum", "≤ "],
  ["minLength", "length ≥ "],
  ["maxLength", "length ≤ "],
  ["minItems", "entries ≥ "],
  ["maxItems", "entries ≤ "],
];

function limitsOf(schema: Schema): string {
  const told = limits.filter(([key]) => schema[key] !== undefined).map(([key, says]) => `${says}${schema[key]}`);
  if (schema.not?.const !== undefined) told.push(`not ${String(schema.not.const)}`);
  const pattern = typeof schema.pattern === "string" ? ` · <code>${escaped(schema.pattern)}</code>` : "";
  const fallback = schema.default === undefined ? "" : ` · default ${valueText(schema.default)}`;
  const example = schema.examples?.[0] === undefined ? "" : ` · for example ${valueText(schema.examples[0])}`;
  return (told.length > 0 ? ` · ${escaped(told.join(", "))}` : "") + pattern + fallback + example;
}

/** A list as long as that of the currencies is named by its first values. */
function valuesOf(values: readonly unknown[]): string {
  const most = 16;
  const shown = values.slice(0, most).map(valueText).join(", ");
  return values.length > most ? `${shown} and ${values.length - most} more` : shown;
}

function valueText(value: unknown): string {
  return `<code>${escaped(typeof value === "string" ? value : JSON.stringify(value))}</code>`;
}
