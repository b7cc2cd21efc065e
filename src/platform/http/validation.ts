/**
 * Checks requests against the schemas of their routes, names each field that is wrong, and writes answers. The functions for a
 * schema are made when it is first needed: measured, all of them at once are half of the processor time of a start.
 */
import { SerializerSelector } from "@fastify/fast-json-stringify-compiler";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TObject, TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { IsDateTime, Set as setFormat } from "typebox/format";
import { Pointer } from "typebox/value";
import type { FieldFault } from "../problems.ts";
import { saysOf } from "../wire.ts";

// RFC 3339 has leap seconds, which no clock here has.
setFormat("date-time", (text) => IsDateTime(text) && !Number.isNaN(Date.parse(text)));

/**
 * TypeBox's own compiler checks the requests. It neither coerces nor strips, it stops at eight faults whatever the body
 * holds, and it avoids Ajv's options, which are easy to set wrong. Only query strings, which have no types of their
 * own, are read as numbers and booleans if the schema requires them.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const readsText = httpPart === "querystring" || httpPart === "params";
  let validator: Validator | undefined;
  return (value: unknown) => {
    validator ??= Compile(schema);
    const isMissing = value === null && httpPart === "body";
    if (isMissing && !isOptional(schema)) return { error: [missingBody] };
    const given = isMissing ? {} : value;
    const candidate = readsText ? readText(schema as TObject, given as Record<string, unknown>) : given;
    if (validator.Check(candidate)) return { value: candidate };
    const faults = validator.Errors(candidate) as FastifySchemaValidationError[];
    return { error: faults.map((fault) => ({ ...fault, message: sayingOf(fault, schema) })) };
  };
};

/** A body is not asked for if it may be empty. */
export function isOptional(body: TSchema): boolean {
  const { type, required = [], minProperties = 0 } = body as BodySchema;
  return type === "object" && required.length === 0 && minProperties === 0;
}

type BodySchema = { type?: string; required?: string[]; minProperties?: number };

const missingBody: FastifySchemaValidationError = {
  keyword: "type",
  instancePath: "",
  schemaPath: "#/type",
  params: {},
  message: "is required",
};

/** The validator's own words name the rule, such as "must not be valid", where the caller needs what is allowed. */
function sayingOf(fault: FastifySchemaValidationError, schema: TSchema): string {
  const { params, schemaPath, message = "is not valid" } = fault;
  const place: Described = (Pointer.Get(schema, schemaPath.slice(1)) as Described | undefined) ?? {};
  switch (fault.keyword) {
    case "pattern":
      return saysOf[String(params.pattern)] ?? besideExample(message, place);
    case "enum":
      return sayingOfChoice(params.allowedValues as unknown[], place);
    case "not":
      return place.not?.const === undefined ? message : `must not be ${place.not.const}`;
    case "format":
      return saysOfFormat[String(params.format)] ?? message;
    case "minLength":
      return params.limit === 1 ? "must not be empty" : message;
    case "minProperties":
      return params.limit === 1 ? "must have at least one field" : message;
    default:
      return message;
  }
}

/** A pattern without words of its own is said beside a text that it takes, or with what the text is. */
function besideExample(message: string, { examples: [example] = [], description }: Described): string {
  if (example !== undefined) return `${message}, as ${example} does`;
  return description === undefined ? message : `${message}: ${description}`;
}

/** More than these are not read in a sentence. */
const choicesShown = 12;

function sayingOfChoice(allowed: readonly unknown[], { examples: [example] = [], description }: Described): string {
  if (allowed.length <= choicesShown) return `must be ${allowed.join(" or ")}`;
  return `must be one of the ${allowed.length} values of ${description}, such as ${example}`;
}

const saysOfFormat: Readonly<Record<string, string>> = {
  "date-time": "must be a time with its offset, such as 2026-11-27T08:00:00Z",
  uuid: "must be a UUID",
};

type Described = { examples?: string[]; description?: string; not?: { const?: unknown } };

/** For Fastify's `schemaController`, which gives the schemas that are named by reference. */
export function buildSerializer(...shared: Parameters<ReturnType<typeof SerializerSelector>>): SerializerCompiler {
  return (answer) => {
    let write: ReturnType<SerializerCompiler> | undefined;
    return (data) => {
      // By a compiler of its own: one that is used twice has lost the shared schema that it compiled first.
      write ??= SerializerSelector()(...shared)(answer);
      return write(data);
    };
  };
}

type SerializerCompiler = ReturnType<ReturnType<typeof SerializerSelector>>;

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
    return [{ in: place, pointer, detail: fault.message as string }];
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
