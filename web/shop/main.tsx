/** The shop's pages, in the browser. */
import { render } from "preact";
import { hearClock } from "../lib/clock.ts";
import { showLanguage } from "../lib/language.ts";
import { keepToOnePerson } from "../lib/one-person.ts";
import { startRouter } from "../lib/router.ts";
import { onShopper } from "../lib/shopper.ts";
import { chosenTheme, showTheme } from "../lib/theme.ts";
import { App } from "./app.tsx";

showTheme(chosenTheme());
// A file of its own, which leaves the first load as small as it is. If it does not come, the next page asks for it again.
onShopper((account) => import("../lib/habits.ts").then(({ tellHabits }) => tellHabits(account)).catch(() => {}));
void showLanguage().then(() => {
  startRouter();
  const place = document.getElementById("shop");
  if (place) render(<App />, place);
  void hearClock();
  keepToOnePerson();
  // The device may have slept meanwhile.
  document.addEventListener("visibilitychange", () => void (document.hidden || hearClock()));
});
