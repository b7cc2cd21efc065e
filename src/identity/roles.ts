export const roles = ["CUSTOMER", "WAREHOUSE", "ADMIN"] as const;
export type Role = (typeof roles)[number];

export type Caller = { readonly userId: string; readonly roles: readonly Role[] };

export function isRole(value: unknown): value is Role {
  return roles.includes(value as Role);
}

const userIdShape = /^[\w.:@+|-]{1,128}$/;

/** Harmless in logs, keys and headers; wide enough for e-mail addresses and the ids of outside issuers. */
export function isUserId(value: unknown): value is string {
  return typeof value === "string" && userIdShape.test(value);
}

/** An ADMIN passes everywhere, and every role may also buy. */
export function passes(caller: Caller, asked: readonly Role[]): boolean {
  return caller.roles.some((role) => role === "ADMIN" || asked.includes(role) || asked.includes("CUSTOMER"));
}
