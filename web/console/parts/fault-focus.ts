/** Leads the keyboard to the first field that has a fault, each time that one is found. */
import { type RefObject, useEffect } from "react";
import { Refused } from "../ask.ts";

/** `fault`: another value for each attempt that fails. */
export function useFaultFocus(form: RefObject<HTMLElement | null>, fault: unknown): void {
  useEffect(() => {
    if (fault) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [form, fault]);
}

/** The fields say it, each for itself. */
export function isAtFields(error: Error | null): boolean {
  return error instanceof Refused && Object.keys(error.faults).length > 0;
}
