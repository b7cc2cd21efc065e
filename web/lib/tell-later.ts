/** Tells the account of its person's habits by a file of its own, which leaves the first load as small as it is. */
import type { Shopper } from "./shopper.ts";

/** If the file does not come, the next page asks for it again. */
export function tellLater(account: Shopper): void {
  void import("./habits.ts").then(
    ({ tellHabits }) => tellHabits(account),
    () => {},
  );
}
