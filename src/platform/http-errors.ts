import type { FastifySchemaValidationError } from "fastify";
import { QueueFull } from "./batch.ts";
import { fieldFaults } from "./http-validation.ts";
import { Problem, platformProblems } from "./problems.ts";

type FastifyFault = Error & {
  code?: string;
  statusCode?: number;
  validation?: FastifySchemaValidationError[];
  validationContext?: string;
};

/** Finds the problem in whatever was thrown. What is not known to be the caller's doing is `internal_error`. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof QueueFull) return new Problem(platformProblems.overloaded, undefined, { cause: thrown });
  const fault = (thrown instanceof Error ? thrown : new Error(String(thrown))) as FastifyFault;
  if (fault.validation) return invalid(fault);
  switch (fault.code) {
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return new Problem(platformProblems.validation, "The body is not JSON", { cause: fault });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new Problem(platformProblems.validation, "Content-Length is not the body's size", { cause: fault });
    case "FST_ERR_BAD_URL":
      return new Problem(platformProblems.validation, "The address is not a valid URL path", { cause: fault });
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new Problem(platformProblems.not_found, undefined, { cause: fault });
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      // Nobody reads the rest of such a body, so the connection cannot be used again.
      return new Problem(platformProblems.body_too_large, undefined, {
        headers: { connection: "close" },
        cause: fault,
      });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_EMPTY_TYPE":
    case "FST_ERR_CTP_INVALID_TYPE":
      return new Problem(platformProblems.unsupported_media_type, undefined, { cause: fault });
  }
  // The JSON parser's own errors (among them "Object contains forbidden prototype property") carry only the status.
  if (fault instanceof SyntaxError && fault.statusCode === 400) {
    return new Problem(platformProblems.validation, "The body is not JSON that we accept", { cause: fault });
  }
  return new Problem(platformProblems.internal_error, "Quote the instance when you report this", { cause: fault });
}

function invalid(fault: FastifyFault): Problem {
  const errors = fieldFaults(fault.validation ?? [], fault.validationContext);
  const detail = errors.map((error) => `${error.pointer.slice(2) || error.in} ${error.detail}`).join("; ");
  return new Problem(platformProblems.validation, detail || undefined, { errors, cause: fault });
}
