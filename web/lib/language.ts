/** The language of the pages: what is chosen, else the first of the browser's that there is, else English. */
import { kept } from "./kept.ts";
import { en, type Strings } from "./strings/en.ts";

export const languages = { en: "English", de: "Deutsch", ar: "العربية" } as const;
export type Language = keyof typeof languages;

/** English is always there; another language is fetched before the first paint. */
const dictionaries: Record<Language, () => Promise<Strings>> = {
  en: async () => en,
  de: async () => (await import("./strings/de.ts")).de,
  ar: async () => (await import("./strings/ar.ts")).ar,
};

let language: Language = "en";
let strings: Strings = en;

export function currentLanguage(): Language {
  return language;
}

/** For `Intl`: the region is the browser's where it speaks the same language. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

function wantedLanguage(): Language {
  const asked = [kept.read<string>("language"), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return asked.find((tag): tag is Language => tag !== undefined && tag in languages) ?? "en";
}

export async function showLanguage(wanted: Language = wantedLanguage()): Promise<void> {
  try {
    strings = await dictionaries[wanted]();
    language = wanted;
  } catch {
    // The file could not be fetched: the page is there in the language that it has.
  }
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}

export async function chooseLanguage(wanted: Language): Promise<void> {
  kept.write("language", wanted);
  await showLanguage(wanted);
}

type Words = Exclude<keyof Strings, "problems">;

/** The sentence in the current language, its `{names}` filled in. */
export function say(words: Words, values: Record<string, string | number> = {}): string {
  return strings[words].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The sentence for a problem: ours for its code, else the server's own. */
export function sayProblem({ code, detail }: { code: string; detail: string }): string {
  return (strings.problems as Record<string, string>)[code] ?? (detail || strings.problems.internal_error);
}
