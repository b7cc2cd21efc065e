/** Light, dark, or as the device is set. */
import { kept } from "./kept.ts";

export const themes = ["device", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export function chosenTheme(): Theme {
  const theme = kept.read<Theme>("theme");
  return theme && themes.includes(theme) ? theme : "device";
}

export function showTheme(theme: Theme): void {
  if (theme === "device") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
  kept.write("theme", theme);
  showTheme(theme);
}
