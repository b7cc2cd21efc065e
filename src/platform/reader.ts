/** How a mail speaks to its reader: in which language, and how numbers, money, moments and names are written there. */
import { currencyDecimals, currencyFormat, sumAmongWords } from "./currency-decimals.ts";
import { isZone } from "./zone.ts";

export const mailLanguages = ["en", "de", "ar"] as const;
export type MailLanguage = (typeof mailLanguages)[number];

/** As the reader chose them. */
export type Habits = { locale: string | null; zone: string | null };

export type Reader = {
  language: MailLanguage;
  /** Undefined also if there is no such zone: the choice may be older than the check of it. */
  zone: string | undefined;
  count(value: number): string;
  money(minor: number, currency: string): string;
  /** In the zone of the reader, else in the given one; it is named, because the reader may be in another one. */
  moment(at: Date, otherwise: string): string;
  /** A name or a code, to be written into a sentence: a mail is plain text, which has no `bdi`. */
  named(name: string): string;
};

export function readerOf({ locale, zone }: Habits): Reader {
  const language = languageOf(locale);
  const tag = tagOf(locale, language);
  const own = zone !== null && isZone(zone) ? zone : undefined;
  return {
    language,
    zone: own,
    count: (value) => formatOf(tag).format(value),
    money(minor, currency) {
      const sum = formatOf(tag, currency).format(minor / 10 ** currencyDecimals(currency));
      return sumAmongWords(sum, language);
    },
    moment(at, otherwise) {
      const day = { weekday: "long", day: "numeric", month: "long" } as const;
      const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
      return new Intl.DateTimeFormat(tag, { ...day, ...time, timeZone: own ?? otherwise }).format(at);
    },
    named: (name) => isolated(name, language),
  };
}

/** English, unless the locale names a language that is there. */
function languageOf(locale: string | null): MailLanguage {
  return mailLanguages.find((language) => language === subtagOf(locale)) ?? "en";
}

/**
 * The first tag of `accept-language` in a language that is there. Browsers name the preferred one first; the weights behind the
 * tags are not read. null if there is none: the mail is in English.
 */
export function localeAsked(header: string | undefined): string | null {
  const tags = header?.split(",").map((part) => part.split(";")[0]?.trim() ?? "") ?? [];
  return tags.find((tag) => mailLanguages.some((language) => language === subtagOf(tag))) ?? null;
}

/** With the region, if Node knows how people write there: there are only so many of them, whatever a person sends. */
function tagOf(locale: string | null, language: MailLanguage): string {
  if (locale === null || subtagOf(locale) !== language) return language;
  try {
    return new Intl.NumberFormat(locale).resolvedOptions().locale;
  } catch {
    return language;
  }
}

function subtagOf(locale: string | null): string | undefined {
  return locale?.toLowerCase().split("-")[0];
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Between the signs of Unicode's isolation if the name, or the language beside it, is written from right to left. Without
 * them the name would turn the figures behind it around, and at the beginning of a line the whole line.
 */
function isolated(name: string, language: MailLanguage): string {
  return language === "ar" || rightToLeft.test(name) ? `\u2068${name}\u2069` : name;
}

const formats = new Map<string, Intl.NumberFormat>();

/** To make one costs more than the rest of a mail. There are as many as known locales and currencies. */
function formatOf(tag: string, currency?: string): Intl.NumberFormat {
  const key = `${tag} ${currency}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(tag, currency === undefined ? {} : currencyFormat(currency));
    formats.set(key, format);
  }
  return format;
}
