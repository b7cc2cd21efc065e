/** Writes the log, one JSON object for each event. */
import { type DestinationStream, pino } from "pino";
import { currentContext } from "./context.ts";
import { alike, createSparing } from "./sparing.ts";
import { messageOf } from "./thrown.ts";

export type Scalar = string | number | boolean | bigint | null | undefined;
export type LogFields = Readonly<Record<string, Scalar>>;
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/**
 * An event has a stable name ("order settled") and scalar fields; request, trace and order ids come from the context of
 * the work. A failure is passed whole and written as its chain of causes. Equal warnings and errors are written a few
 * times and then only counted.
 */
export type Log = {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, failure?: unknown): void;
  error(event: string, fields?: LogFields, failure?: unknown): void;
  /** For fields that are expensive to compute. */
  isEnabled(level: LogLevel): boolean;
};

export type LogOptions = {
  level?: LogLevel;
  /** Absent: standard output. */
  destination?: DestinationStream;
};

const waitingBytes = 1_048_576;

/**
 * It is written beside the work. While it takes nothing, as on a full disk, lines wait for it, and those that no longer
 * fit are left out: a log ends no shop.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: process.stdout.fd, maxLength: waitingBytes });
  let takes = true;
  output.on("error", () => {
    takes = false;
  });
  output.on("write", () => {
    takes = true;
  });
  // At the end of the process pino repeats a write until it succeeds: the process would stand.
  const flush = output.flushSync.bind(output);
  output.flushSync = () => {
    if (takes) flush();
  };
  return output;
}

export function createLog({ level = "info", destination }: LogOptions = {}): Log {
  const options = {
    level,
    base: null,
    messageKey: "event",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: idsOfWork,
    redact: { paths: secretFields, censor: "***" },
  };
  const writer = pino(options, destination ?? standardOutput());
  const sparing = createSparing((ms, happen) => setTimeout(happen, ms).unref());

  function tell(level: "warn" | "error", event: string, fields: LogFields): void {
    if (!writer.isLevelEnabled(level)) return;
    const { stack, ...says } = fields;
    const line = `${level} ${event} ${alike(JSON.stringify(says))}`;
    if (sparing.mayWrite(line, (more) => writer[level]({ ...says, more }, event))) writer[level](fields, event);
  }

  return {
    debug: (event, fields) => writer.debug(plain(fields), event),
    info: (event, fields) => writer.info(plain(fields), event),
    warn: (event, fields, failure) => tell("warn", event, { ...plain(fields), ...failureFields(failure) }),
    error: (event, fields, failure) => tell("error", event, { ...plain(fields), ...failureFields(failure) }),
    isEnabled: (wanted) => writer.isLevelEnabled(wanted),
  };
}

/** Named as OpenTelemetry names them, so that a log store finds the lines of a trace. */
function idsOfWork(): Record<string, string> {
  const { requestId, traceId, span } = currentContext() ?? {};
  return {
    ...(requestId !== undefined && { requestId }),
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(span && { span_id: span.trace.parentId }),
  };
}

/** A field with one of these names is never written, whatever the caller passes. */
const secretFields = ["password", "secret", "token", "authorization", "cookie", "cardNumber", "cvc", "apiKey"];

function plain(fields: LogFields = {}): Record<string, Scalar> {
  const written: Record<string, Scalar> = {};
  for (const name in fields) {
    const value = fields[name];
    written[name] = typeof value === "bigint" ? value.toString() : value;
  }
  return written;
}

/** "settle batch: connection ended: read ECONNRESET", with the code and stack of the innermost cause. */
function failureFields(failure: unknown): LogFields {
  if (failure === undefined) return {};
  const messages: string[] = [];
  let first: unknown = failure;
  for (let error: unknown = failure, depth = 0; error !== undefined && error !== null && depth < 8; depth += 1) {
    messages.push(messageOf(error));
    first = error;
    error = error instanceof Error ? error.cause : undefined;
  }
  const { code, stack } = first instanceof Error ? (first as NodeJS.ErrnoException) : {};
  return { failure: messages.join(": "), ...(code && { code: String(code) }), ...(stack && { stack }) };
}
