/** Turns a thrown error into the problem that the caller gets. */
import type { FastifySchemaValidationError } from "fastify";
import { QueueFull } from "../batch.ts";
import { Problem, type ProblemKind, platformDetails, platformProblems } from "../problems.ts";
import { isUnavailable } from "../unavailable.ts";
import { fieldFaults } from "./validation.ts";

type FastifyFault = Error & {
  code?: string;
  statusCode?: number;
  validation?: FastifySchemaValidationError[];
  validationContext?: string;
};

/**
 * Turns any thrown error into a problem. A fault of the framework, and one of a request that did not arrive whole
 * (`arrived` is false), is classed by its status, so no list of known codes has to be complete. Every other error is
 * our own fault: an error of a client library may carry a status too, which is not meant for the caller.
 */
export function problemOf(thrown: unknown, arrived: boolean): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof QueueFull)
    return new Problem(platformProblems.overloaded, platformDetails.overloaded, { cause: thrown });
  if (isUnavailable(thrown)) {
    return new Problem(platformProblems.unavailable, platformDetails.unavailable, { cause: thrown });
  }
  const fault = (thrown instanceof Error ? thrown : new Error(String(thrown))) as FastifyFault;
  if (fault.validation) return invalid(fault);
  const kind = isOfReading(fault) || !arrived ? kindOf(fault.statusCode) : undefined;
  if (!kind) {
    return new Problem(platformProblems.internal_error, platformDetails.internal_error, { cause: fault });
  }
  const usual = platformDetails[kind.code as keyof typeof platformDetails];
  const detail = arrived ? (sayings[fault.code ?? fault.name] ?? usual) : "The request ended before it was complete";
  return new Problem(kind, detail, { cause: fault });
}

const kinds = new Map<number, ProblemKind>(Object.values(platformProblems).map((kind) => [kind.status, kind]));

function kindOf(status = 500): ProblemKind | undefined {
  if (status < 400 || status >= 500) return undefined;
  // 414: a parameter is longer than any name here.
  return status === 414 ? platformProblems.not_found : (kinds.get(status) ?? platformProblems.validation);
}

/** The JSON parser's own errors (among them "Object contains forbidden prototype property") carry only the status. */
function isOfReading({ code, name, statusCode }: FastifyFault): boolean {
  return code?.startsWith("FST_") || (name === "SyntaxError" && statusCode === 400);
}

/** For faults that the title of their kind does not explain. */
const sayings: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: "The body is not JSON",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "Content-Length is not the body's size",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "Content-Type is not a media type",
  FST_ERR_BAD_URL: "The address is not a valid URL path",
  SyntaxError: "The body is not JSON that we accept",
};

function invalid(fault: FastifyFault): Problem {
  const errors = fieldFaults(fault.validation ?? [], fault.validationContext);
  const detail = errors.map((error) => `${error.pointer.slice(2) || error.in} ${error.detail}`).join("; ");
  return new Problem(platformProblems.validation, detail || platformDetails.validation, { errors, cause: fault });
}
