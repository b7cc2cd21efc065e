/** The language of the pages: what is chosen, else the first of the browser's that there is, else English. */
import { kept } from "./kept.ts";
import type { AccountStrings } from "./strings/account-en.ts";
import { en, type Strings } from "./strings/en.ts";
import type { FairStrings } from "./strings/fair-en.ts";

export const languages = { en: "English", de: "Deutsch", ar: "العربية" } as const;
export type Language = keyof typeof languages;

/** English is always there; another language is fetched before the first paint. */
const dictionaries: Record<Language, () => Promise<Strings>> = {
  en: async () => en,
  de: async () => (await import("./strings/de.ts")).de,
  ar: async () => (await import("./strings/ar.ts")).ar,
};

/** Few visitors see these pages, so their sentences are files of their own in each language. */
const topics: { [Name in Topic]: Record<Language, () => Promise<Topics[Name]>> } = {
  account: {
    en: async () => (await import("./strings/account-en.ts")).account,
    de: async () => (await import("./strings/account-de.ts")).account,
    ar: async () => (await import("./strings/account-ar.ts")).account,
  },
  fair: {
    en: async () => (await import("./strings/fair-en.ts")).fair,
    de: async () => (await import("./strings/fair-de.ts")).fair,
    ar: async () => (await import("./strings/fair-ar.ts")).fair,
  },
};
type Topics = { account: AccountStrings; fair: FairStrings };
type Topic = keyof Topics;

let language: Language = "en";
let wantedLast: Language;
let strings: Strings = en;
/** Those that a page has needed so far. */
let read: Partial<Topics> = {};
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
  wantedLast = wanted;
  try {
    const known = read;
    const [words, account, fair] = await Promise.all([
      dictionaries[wanted](),
      read.account && topics.account[wanted](),
      read.fair && topics.fair[wanted](),
    ]);
    // Another one was chosen while its file came.
    if (wanted !== wantedLast) return;
    // A page has got words of its own meanwhile, in the language before.
    if (read !== known) return showLanguage(wanted);
    speak(wanted, words, { ...(account && { account }), ...(fair && { fair }) });
  } catch {
    // The file could not be fetched: the page is there in the language that it has.
  }
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}

function speak(chosen: Language, words: Strings, about: Partial<Topics>): void {
  [language, strings, read] = [chosen, words, about];
  said = { ...strings, ...read.account, ...read.fair };
}

/** Keeps the chosen language of which the person's account does not know yet. */
export const untold = "untold";

export async function chooseLanguage(wanted: Language): Promise<void> {
  kept.write("language", wanted);
  kept.write(untold, wanted);
  await showLanguage(wanted);
}

/** A page that says a sentence about the topic is shown after this. @throws if they cannot be fetched. */
export async function readWordsAbout(topic: Topic): Promise<void> {
  while (!read[topic]) {
    const asked = language;
    const about = await topics[topic][asked]();
    // Another language may have been chosen while they came.
    if (asked === language) speak(asked, strings, { ...read, [topic]: about });
  }
}

type Words = Exclude<keyof Strings | keyof AccountStrings | keyof FairStrings, "problems">;

/** The sentence in the current language, its `{names}` filled in. */
export function say(words: Words, values: Record<string, string | number> = {}): string {
  return String(said[words]).replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The sentence for a problem: ours for its code, else the server's own. */
export function sayProblem({ code, detail }: { code: string; detail: string }): string {
  const told: Record<string, string> = { ...strings.problems, ...read.account?.problems };
  return told[code] ?? (detail || strings.problems.internal_error);
}
