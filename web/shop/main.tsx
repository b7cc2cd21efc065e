/** The shop's pages, in the browser. */
import { render } from "preact";
import { hearClock } from "../lib/clock.ts";
import { showLanguage } from "../lib/language.ts";
import { startRouter } from "../lib/router.ts";
import { onShopper } from "../lib/shopper.ts";
import { tellLater } from "../lib/tell-later.ts";
import { chosenTheme, showTheme } from "../lib/theme.ts";
import { App } from "./app.tsx";

showTheme(chosenTheme());
onShopper(tellLater);
void showLanguage().then(() => {
  startRouter();
  const place = document.getElementById("shop");
  if (place) render(<App />, place);
  void hearClock();
  // The device may have slept meanwhile.
  document.addEventListener("visibilitychange", () => void (document.hidden || hearClock()));
});
