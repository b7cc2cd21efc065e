/**
 * Says in words what a field needs, by default one of a drop. The server's sentence about a broken rule of its schema begins
 * with "must", and gets words of the form's own.
 */
import { Refused } from "../ask.ts";

const says: Record<string, string> = {
  name: "Type a name, on one line",
  dropId: "Use small letters, digits and hyphens, and begin with a letter or a digit",
  productId: "Type the id of a product",
  label: "Type a label on one line, or none",
  story: "The story has a character that cannot be shown",
  holdSeconds: "Type whole seconds, from 60 to 3600",
  extensionSeconds: "Type whole seconds, from 0 to 600",
  limitPerPerson: "Type a whole number from 1 to 1000000, or nothing",
  admitPerSecond: "Type a whole number from 1 to 1000",
  products: "Name at least one product",
};

/** In place of a sentence of the server that names fields of a request: the form has other names for them. */
const rules: Record<string, string> = {
  limitPerPerson:
    "With several products, this needs a line or a draw. Choose one, or leave this empty and set the limit of each product",
};

/** `path`: without the leading slash, such as `products/0/label`. */
export function faultOfField(error: Error | null, path: string, words = says): string | undefined {
  const fault = error instanceof Refused ? error.faults[`#/${path}`] : undefined;
  if (fault === undefined) return undefined;
  const known = fault.startsWith("must ") ? words : rules;
  return known[path.split("/").at(-1) ?? ""] ?? fault;
}
