/** Tells the account in which language and in which time zone its person reads: mails to it are written so. */
import { kept } from "./kept.ts";
import { currentLanguage, type Language, locale, untold } from "./language.ts";
import { answerWithinMs, type Shopper } from "./shopper.ts";

/** What this browser has told of its zone. */
const toldZone = "zone";

let telling: Promise<void> = Promise.resolve();

/** One after the other: of two languages that are chosen in a moment, the second one stays. */
export function tellHabits(account: Shopper, hasLoggedIn = false): void {
  telling = telling.then(() => tell(account, hasLoggedIn));
}

/** If the request fails, the next page makes it again. */
async function tell(account: Shopper, hasLoggedIn: boolean): Promise<void> {
  // No mail reaches such an address (RFC 2606): that of the demo's people, and of those whose address nothing proves.
  if (account.email.endsWith(".invalid")) return;
  const chosen = kept.read<Language>(untold);
  // The page changes to it in a moment, and tells it then.
  if (chosen !== undefined && chosen !== currentLanguage()) return;
  const news = { ...languageFor(account, chosen !== undefined, hasLoggedIn), ...zoneFor(account) };
  // Before the answer: one that is chosen meanwhile is told next.
  kept.forget(untold);
  if (Object.keys(news).length === 0) return;
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(answerWithinMs);
  const request = { method: "PATCH", headers, body: JSON.stringify(news), keepalive: true, signal };
  const response = await fetch("/account", request).catch(() => undefined);
  if (response?.ok && news.zone) kept.write(toldZone, news.zone);
  if (!response?.ok && news.locale && !kept.read(untold)) kept.write(untold, currentLanguage());
}

/** That of the page, if the account has none, or if one was chosen on this browser and the account does not know it. */
function languageFor(account: Shopper, isChosen: boolean, hasLoggedIn: boolean): { locale?: string } {
  const isWanted = account.locale === null || isChosen || (hasLoggedIn && kept.read("language"));
  // The account may be told another one at this moment.
  const isNews = account.locale !== locale() || isChosen;
  return isWanted && isNews ? { locale: locale() } : {};
}

/** That of the device, if the account has none, or has the one that this browser told it before its person moved. */
function zoneFor({ zone }: Shopper): { zone?: string } {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isOurs = zone === null || zone === kept.read(toldZone);
  return isOurs && here && here !== zone ? { zone: here } : {};
}
