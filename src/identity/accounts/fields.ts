/** Checks what no schema says of the fields that people give of themselves. */
import { Problem, platformProblems } from "#platform/problems";
import { isZone } from "#platform/zone";
import { type AccountFields, longestAddress, newAddressOf } from "./account-rows.ts";

/** In its one spelling, which may be longer than the text that was sent. @throws Problem if it is too long. */
export function newAddress(email: string): string {
  const address = newAddressOf(email);
  if (address === undefined) throw invalid("email", `must not have more than ${longestAddress} characters`);
  return address;
}

/** @throws Problem if there is no such time zone. */
export function checkedFields(fields: Partial<AccountFields>): Partial<AccountFields> {
  if (fields.zone && !isZone(fields.zone)) throw invalid("zone", "must be a name of the IANA time zone database");
  return fields;
}

function invalid(field: string, detail: string): Problem {
  const errors = [{ in: "body" as const, pointer: `#/${field}`, detail }];
  return new Problem(platformProblems.validation, `${field} ${detail}`, { errors });
}
