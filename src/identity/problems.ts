/** Lists every reason for which identity refuses a request: before it is read, and about accounts and sessions. */
import { defineProblems } from "#platform/problems";

export const identityProblems = defineProblems({
  unauthenticated: { status: 401, title: "Authentication is required" },
  forbidden: { status: 403, title: "Your role does not allow this" },
  other_person: { status: 412, title: "Another person is signed in in this browser by now" },
  cross_site: { status: 403, title: "The request came from a page of another site" },
  bad_credentials: { status: 401, title: "The address and the password or code do not belong together" },
  login_busy: { status: 503, title: "Too many people sign in at this moment", retryAfterSeconds: 2 },
  oidc_refused: { status: 401, title: "The log-in at the outside issuer is not valid" },
  oidc_unavailable: { status: 503, title: "The outside issuer cannot be reached", retryAfterSeconds: 5 },
  weak_password: { status: 400, title: "The password is too easy to guess" },
  code_wrong: { status: 400, title: "The code is not the one that was mailed" },
  code_expired: { status: 410, title: "The code has expired, or was tried too often" },
  mail_not_found: { status: 404, title: "There is no such mail" },
  mail_not_failed: { status: 409, title: "This mail cannot be sent again" },
  account_not_found: { status: 404, title: "There is no such account" },
  last_admin: { status: 409, title: "The shop would have no ADMIN left" },
  version_mismatch: { status: 412, title: "It has changed since you read it" },
  session_not_found: { status: 404, title: "There is no such session" },
});
