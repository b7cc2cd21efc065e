/** The language of the pages: what is chosen, else the first of the browser's that there is, else English. */
import { kept } from "./kept.ts";
import type { AccountStrings } from "./strings/account-en.ts";
import { en, type Strings } from "./strings/en.ts";

export const languages = { en: "English", de: "Deutsch", ar: "العربية" } as const;
export type Language = keyof typeof languages;

/** English is always there; another language is fetched before the first paint. */
const dictionaries: Record<Language, () => Promise<Strings>> = {
  en: async () => en,
  de: async () => (await import("./strings/de.ts")).de,
  ar: async () => (await import("./strings/ar.ts")).ar,
};

/** Few visitors see a page about accounts, so its sentences are files of their own in each language. */
const accountDictionaries: Record<Language, () => Promise<AccountStrings>> = {
  en: async () => (await import("./strings/account-en.ts")).account,
  de: async () => (await import("./strings/account-de.ts")).account,
  ar: async () => (await import("./strings/account-ar.ts")).account,
};

let language: Language = "en";
let strings: Strings = en;
/** Undefined until a page needs them. */
let account: AccountStrings | undefined;
let said: Readonly<Record<string, unknown>> = en;

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
    const read = [dictionaries[wanted](), account && accountDictionaries[wanted]()] as const;
    speak(wanted, ...(await Promise.all(read)));
  } catch {
    // The file could not be fetched: the page is there in the language that it has.
  }
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}

function speak(chosen: Language, words: Strings, aboutAccounts: AccountStrings | undefined): void {
  [language, strings, account] = [chosen, words, aboutAccounts];
  said = { ...strings, ...account };
}

export async function chooseLanguage(wanted: Language): Promise<void> {
  kept.write("language", wanted);
  await showLanguage(wanted);
}

/** A page that says a sentence about accounts is shown after this. @throws if they cannot be fetched. */
export async function readAccountWords(): Promise<void> {
  if (!account) speak(language, strings, await accountDictionaries[language]());
}

type Words = Exclude<keyof Strings | keyof AccountStrings, "problems">;

/** The sentence in the current language, its `{names}` filled in. */
export function say(words: Words, values: Record<string, string | number> = {}): string {
  return String(said[words]).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The sentence for a problem: ours for its code, else the server's own. */
export function sayProblem({ code, detail }: { code: string; detail: string }): string {
  const told: Record<string, string> = { ...strings.problems, ...account?.problems };
  return told[code] ?? (detail || strings.problems.internal_error);
}
