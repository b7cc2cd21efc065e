/** Sends the console's requests. A refusal is thrown, so that every query and every act of the pages has one kind of error. */
import { operations } from "./operations.ts";

export type Operation = keyof typeof operations;

export type Asking = {
  /** Fills the `{name}` of the path; several fill its names in their order. */
  id?: string | readonly string[];
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** A body of this type instead. */
  csv?: string;
  /** A body of bytes instead. */
  file?: Blob;
  headers?: Record<string, string>;
  /** A public answer is cached for some seconds; this one is asked of the server. */
  isFresh?: boolean;
  signal?: AbortSignal;
  /** Statuses whose body is an answer, although they are no success. */
  alsoAnswers?: readonly number[];
};

type Told = {
  code: string;
  status: number;
  title?: string;
  instance?: string;
  errors?: readonly { pointer: string; detail: string }[];
  instants?: readonly string[];
};

/** A refusal of the server, or the lack of an answer. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  /** What happened, in few words; the detail says what to do. Without an answer there are none. */
  readonly title: string | undefined;
  readonly detail: string;
  /** Names this occurrence in the server's log. */
  readonly instance: string | undefined;
  /** The faults of the request, by the JSON pointer of their field. */
  readonly faults: Readonly<Record<string, string>>;
  /** Of a wall time that clocks show twice: the two moments. */
  readonly instants: readonly string[];

  constructor({ code, status, title, detail, instance, errors = [], instants = [] }: Told & { detail: string }) {
    // Some refusals say the same in both.
    super([...new Set([title, detail])].filter(Boolean).join(". "));
    this.code = code;
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.instance = instance;
    this.faults = Object.fromEntries(errors.map((fault) => [fault.pointer, fault.detail]));
    this.instants = instants;
  }
}

/** The session is over, and was not renewed. */
export function isSignedOut(error: Error | null): boolean {
  return error instanceof Refused && error.code === "unauthenticated";
}

/** The session is of another person than the page. */
export function isAnothers(error: Error | null): boolean {
  return error instanceof Refused && error.code === "other_person";
}

/** A rebuild of every product is answered when it is done. */
const answerWithinMs = 120_000;

/** Whose pages ask: an act in another person's name is refused. */
let person: string | undefined;

export function askAs(userId: string): void {
  person = userId;
}

let renewing: Promise<Response> | undefined;

/** @throws {Refused} */
export async function ask<Body>(operation: Operation, asking: Asking = {}): Promise<Body> {
  const response = await sendSignedIn(operation, asking);
  // Of the same status is the refusal of a gateway, which reaches no process that could answer.
  const isRefusal = response.headers.get("content-type")?.includes("problem+json") ?? false;
  if (response.ok || (!isRefusal && asking.alsoAnswers?.includes(response.status))) {
    // The connection may be cut in the middle of the answer.
    if (response.status !== 204) return (await response.json().catch(offline)) as Body;
    return undefined as Body;
  }
  throw await refusedBy(response);
}

/** Opens a stream, which lasts until the signal. @throws {Refused} */
export async function askStream(operation: Operation, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await sendSignedIn(operation, { headers: { accept: "text/event-stream" }, signal });
  if (!response.ok || !response.body) throw await refusedBy(response);
  return response.body;
}

async function sendSignedIn(operation: Operation, asking: Asking): Promise<Response> {
  const first = await send(operation, asking);
  return first.status === 401 && (await renewed()) ? send(operation, asking) : first;
}

/** Renews the session by its refresh cookie, once for all requests that wait for it. */
async function renewed(): Promise<boolean> {
  renewing ??= send("refreshSession", {}).finally(() => {
    renewing = undefined;
  });
  return (await renewing).ok;
}

async function send(
  operation: Operation,
  { id = "", query = {}, body, csv, file, headers, isFresh, signal }: Asking,
): Promise<Response> {
  const [method, path] = operations[operation];
  const filled = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = filled.length > 0 ? `?${new URLSearchParams(filled)}` : "";
  const [type, content] = csv === undefined ? ["application/json", JSON.stringify(body)] : ["text/csv", csv];
  try {
    return await fetch(filledPath(path, [id].flat()) + search, {
      method,
      headers: {
        ...(person && { "as-user": person }),
        ...(content !== undefined && { "content-type": type }),
        ...headers,
      },
      ...(isFresh && { cache: "no-cache" }),
      ...(content !== undefined && { body: content }),
      ...(file && { body: file }),
      signal: signal ?? AbortSignal.timeout(answerWithinMs),
    });
  } catch {
    return offline();
  }
}

function offline(): never {
  const detail = "No answer came. The server may be stopped, or the connection is cut.";
  throw new Refused({ code: "offline", status: 0, detail });
}

function filledPath(path: string, ids: readonly string[]): string {
  const rest = ids.values();
  return path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(rest.next().value ?? ""));
}

async function refusedBy(response: Response): Promise<Refused> {
  const told = (await response.json().catch(() => ({}))) as Partial<Told> & Record<string, unknown>;
  const text = (name: string) => (typeof told[name] === "string" ? told[name] : undefined);
  const [title, instance] = [text("title"), text("instance")];
  return new Refused({
    code: text("code") ?? "internal_error",
    status: response.status,
    detail: text("detail") ?? (title ? "" : `The server answered ${response.status}`),
    ...(title && { title }),
    ...(instance && { instance }),
    ...(told.errors && { errors: told.errors }),
    ...(told.instants && { instants: told.instants }),
  });
}
