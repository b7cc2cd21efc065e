/** Writes Temporal's own reports to our log. */
import { type Logger, type LogMetadata, Runtime } from "@temporalio/worker";
import type { Log } from "#platform/log";

/** One runtime serves a whole process, so its log is the one of the last opening. */
let current: Log;
let installed = false;

export function reportTemporalTo(log: Log): void {
  current = log;
  if (installed) return;
  installed = true;
  Runtime.install({
    // The process itself closes the workflows, in its own order, so Temporal handles no signals.
    shutdownSignals: [],
    logger: temporalLogger({
      ...log,
      warn: (event, fields, failure) => current.warn(event, fields, failure),
      error: (event, fields, failure) => current.error(event, fields, failure),
    }),
    telemetryOptions: { logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} } },
  });
}

/** Temporal's info lines report normal operation. */
export function temporalLogger(log: Log): Logger {
  function write(level: "warn" | "error", message: string, meta: LogMetadata = {}): void {
    const { workflowId: run, activityType: step, attempt, error } = meta;
    log[level]("temporal", { message, run, step, attempt }, error);
  }
  const warn = (message: string, meta?: LogMetadata) => write("warn", message, meta);
  const error = (message: string, meta?: LogMetadata) => write("error", message, meta);
  const nothing = () => {};
  return {
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn,
    error,
    log: (level, message, meta) => {
      if (level === "WARN") warn(message, meta);
      if (level === "ERROR") error(message, meta);
    },
  };
}
