/** Defines the roles that a caller may have, and which user ids the shop accepts. */

export const roles = ["CUSTOMER", "WAREHOUSE", "ADMIN"] as const;
export type Role = (typeof roles)[number];

/** `session`: only of a token that a log-in here gave; `version` is the account's when the token was signed. */
export type Caller = {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly session?: { readonly id: string; readonly version: number };
};

export function isRole(value: unknown): value is Role {
  return roles.includes(value as Role);
}

const longestUserId = 255;
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

export const userIdRule = `1 to ${longestUserId} characters, none of them a control character`;

/**
 * Any text: OpenID Connect lets the issuer choose the names of its users, such as an address or a DN. Refused are only
 * line breaks and non-characters, which must not get into logs, keys and headers.
 */
export function isUserId(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > 2 * longestUserId) return false;
  return !unprintable.test(value) && [...value].length <= longestUserId;
}

/** An ADMIN passes every guard, and every role may buy. */
export function passes(caller: Caller, asked: readonly Role[]): boolean {
  return caller.roles.some((role) => role === "ADMIN" || asked.includes(role) || asked.includes("CUSTOMER"));
}
