/** Says in words what a field needs, by default one of a drop. A fault of the form alone comes as the rule of the server's schema. */
import { Refused } from "../ask.ts";

const says: Record<string, string> = {
  name: "Type a name, on one line",
  dropId: "Use small letters, digits and hyphens, and begin with a letter or a digit",
  productId: "Type the id of a product",
  label: "Type a label on one line, or none",
  story: "The story has a character that cannot be shown",
  holdSeconds: "Type whole seconds, from 60 to 3600",
  extensionSeconds: "Type whole seconds, from 0 to 600",
  admitPerSecond: "Type a whole number from 1 to 1000",
  products: "Name at least one product",
};

/** `path`: without the leading slash, such as `products/0/label`. */
export function faultOfField(error: Error | null, path: string, words = says): string | undefined {
  const fault = error instanceof Refused ? error.faults[`#/${path}`] : undefined;
  return fault?.startsWith("must ") ? (words[path.split("/").at(-1) ?? ""] ?? fault) : fault;
}
