/** Lists every reason for which a caller is refused before the request is read. */
import { defineProblems } from "#platform/problems";

export const identityProblems = defineProblems({
  unauthenticated: { status: 401, title: "Authentication is required" },
  forbidden: { status: 403, title: "Your role does not allow this" },
});
