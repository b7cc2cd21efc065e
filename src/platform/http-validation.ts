/** Checks requests against the schemas of their routes, and names each field that is wrong. */
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TObject, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { FieldFault } from "./problems.ts";

/**
 * TypeBox's own compiler checks the requests. It neither coerces nor strips, it stops at eight faults whatever the body
 * holds, and it avoids Ajv's options, which are easy to set wrong. Only query strings, which have no types of their
 * own, are read as numbers and booleans if the schema requires them.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const readsText = httpPart === "querystring" || httpPart === "params";
  return (value: unknown) => {
    const candidate = readsText ? readText(schema as TObject, value as Record<string, unknown>) : value;
    if (validator.Check(candidate)) return { value: candidate };
    return { error: validator.Errors(candidate) as FastifySchemaValidationError[] };
  };
};

/** Turns the validator's faults into one entry per field, in words for the caller. */
export function fieldFaults(faults: readonly FastifySchemaValidationError[], part: string | undefined): FieldFault[] {
  const place = (part ?? "body") as FieldFault["in"];
  return faults.flatMap((fault): FieldFault[] => {
    const pointer = `#${fault.instancePath}`;
    if (fault.keyword === "required") {
      const missing = fault.params.requiredProperties as string[];
      return missing.map((name) => ({ in: place, pointer: `${pointer}/${pointerPart(name)}`, detail: "is required" }));
    }
    // An unknown field is reported twice: once by its own name, once in a list at its parent.
    if (fault.keyword === "additionalProperties") return [];
    if (fault.keyword === "boolean") return [{ in: place, pointer, detail: "is not a field of this request" }];
    return [{ in: place, pointer, detail: fault.message ?? "is not valid" }];
  });
}

function readText(schema: TObject, value: Record<string, unknown>): Record<string, unknown> {
  for (const name of Object.keys(value)) value[name] = readOne(schema.properties?.[name], value[name]);
  return value;
}

function readOne(schema: TSchema | undefined, text: unknown): unknown {
  const type = (schema as { type?: string } | undefined)?.type;
  if (typeof text !== "string") return text;
  if ((type === "integer" || type === "number") && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** RFC 6901 §3. */
export function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
