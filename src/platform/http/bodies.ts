/** Checks which request bodies are accepted: none, or JSON in UTF-8 whose texts a database can store. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hasNameTwice } from "../json-names.ts";
import { type FieldFault, Problem, platformProblems } from "../problems.ts";
import type { Http } from "./app.ts";
import { pointerPart } from "./validation.ts";

const { unsupported_media_type, validation } = platformProblems;

const nameTwice =
  "A name stands twice in one object of the body: send each once, because readers differ in which counts";

/**
 * A body of no bytes is no body, whatever its Content-Type: many clients send one with every POST, and so does `curl -d
 * ''`. A route that requires a body then refuses it as missing.
 */
export function acceptBodies(app: Http): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    const refusal = codingFault(request) ?? charsetFault(request, bytes);
    if (refusal) return done(refusal);
    const text = bytes.toString("utf8");
    parseJson(request, text, (error, value) => {
      if (error) return done(error);
      // Fastify gives the validator null for a body that is missing, which some routes take.
      if (value === null) return done(new Problem(validation, "The body is null: send an object, or no body"));
      if (hasNameTwice(text, value)) return done(new Problem(validation, nameTwice));
      const fault = mayHoldUnstorable.test(text) ? unstorable(value) : undefined;
      done(fault ? new Problem(validation, fault.detail, { errors: [fault] }) : null, value);
    });
  });
  app.addContentTypeParser("*", (request, stream, done) => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    if (coding === undefined && (length ?? "0") === "0") return done(null, undefined);
    const refuse = () => done(codingFault(request) ?? new Problem(unsupported_media_type, whatIsTaken(request)));
    if (coding === undefined) return refuse();
    ifEmpty(stream, () => done(null, undefined), refuse);
  });
}

/**
 * A connection that is closed before all bytes are read is reset, and the reset can overtake the answer: its caller then
 * never learns why it was refused. So Fastify does not close it after a body that it refused, and what still comes is
 * thrown away, until `requestTimeout` at most. If the caller wants the connection closed, the answer waits for that.
 */
export function restIsRead({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
  reply.removeHeader("connection");
  raw.resume();
  if (raw.complete || reply.raw.shouldKeepAlive) return undefined;
  // A caller that went away needs no answer.
  return finished(raw).catch(() => {});
}

/** By the document of the route: one that names no type takes JSON. */
function whatIsTaken({ routeOptions: { schema } }: FastifyRequest): string {
  if (!schema?.body) return "This address takes no body";
  return `The body must be ${(schema.consumes ?? ["application/json"]).join(" or ")}`;
}

/** A body in chunks may have none: a proxy that does not know the length of a body sends it so. */
function ifEmpty(stream: IncomingMessage, isEmpty: () => void, hasBytes: () => void): void {
  const look = () => {
    stream.off("readable", look).off("end", look);
    if (stream.read(1) === null) return isEmpty();
    // Read to its end, so that the connection can be used again.
    stream.resume();
    hasBytes();
  };
  // A body that ended before is never readable.
  stream.on("readable", look).on("end", look);
}

/** Accepts bodies of this type too, as text: for routes below `app`. */
export function acceptText(app: Http, type: string): void {
  app.addContentTypeParser(type, { parseAs: "buffer" }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    const refusal = codingFault(request) ?? charsetFault(request, bytes);
    done(refusal ?? null, bytes.toString("utf8"));
  });
}

/** Accepts bodies of every type as bytes: for routes below `app`, which look at the bytes themselves. */
export function acceptBytes(app: Http): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    done(codingFault(request) ?? null, body);
  });
}

/** RFC 9110 §15.5.16: a 415 for a coding names the accepted codings. */
function codingFault({ headers }: FastifyRequest): Problem | undefined {
  const coding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (coding === "identity") return undefined;
  const detail = "The body must not be compressed: send it without Content-Encoding";
  return new Problem(unsupported_media_type, detail, { headers: { "accept-encoding": "identity" } });
}

/** Decoding invalid UTF-8 would put replacement characters into the text. */
function charsetFault({ headers }: FastifyRequest, bytes: Buffer): Problem | undefined {
  const named = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers["content-type"] ?? "")?.[1]?.toLowerCase();
  if (named !== undefined && named !== "utf-8" && named !== "utf8" && named !== "us-ascii") {
    return new Problem(unsupported_media_type, `The body must be in UTF-8, not in ${named}`);
  }
  return isUtf8(bytes) ? undefined : new Problem(validation, "The body is not UTF-8");
}

/** In JSON of valid UTF-8, half a surrogate pair and NUL can only appear as escapes. */
const mayHoldUnstorable = /\\u(?:0000|d[89a-f])/i;

/** Without recursion, because a body may be nested as deeply as it is long. */
function unstorable(body: unknown): FieldFault | undefined {
  const left: [value: unknown, pointer: string][] = [[body, "#"]];
  for (let next = left.pop(); next; next = left.pop()) {
    const [value, pointer] = next;
    const isBad = typeof value === "string" && !isStorable(value);
    if (isBad)
      return { in: "body", pointer, detail: "holds \\u0000 or half of a surrogate pair, which no text may contain" };
    if (typeof value !== "object" || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!isStorable(name))
        return { in: "body", pointer, detail: "has a name that holds \\u0000 or half of a surrogate pair" };
      left.push([inner, `${pointer}/${pointerPart(name)}`]);
    }
  }
  return undefined;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
