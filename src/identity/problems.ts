/** Every reason for which a caller is turned away before their request is read. */
import { defineProblems } from "#platform/problems";

export const identityProblems = defineProblems({
  unauthenticated: { status: 401, title: "Authentication is required" },
  forbidden: { status: 403, title: "Your role does not allow this" },
});
