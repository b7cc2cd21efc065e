/**
 * A browser has one person, and its tabs are theirs: if another one signs in elsewhere, or this one signs out, a tab is loaded
 * again. A session that has only run out changes nothing: what was typed stays until its person has signed in again.
 */
import { kept } from "./kept.ts";
import { owner, signedIn, signedOut } from "./shopper.ts";

/** Another tab has changed what is kept, or this page lay asleep behind another one meanwhile. */
export function keepToOnePerson(): void {
  addEventListener("storage", loadAgainForAnother);
  addEventListener("pageshow", ({ persisted }) => persisted && loadAgainForAnother());
}

function loadAgainForAnother(): void {
  const now = kept.read<string>(signedIn);
  if (owner !== undefined && (now === undefined ? kept.read(signedOut) : now !== owner)) location.reload();
}
