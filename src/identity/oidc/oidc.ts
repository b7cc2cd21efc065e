/** Log-ins at the outside issuer: sends people there, and lets them in when they come back. */
import type { Place } from "../sessions/session-rows.ts";
import type { Entered, Entering } from "../sign-in/entering.ts";
import { createGuesses } from "../sign-in/guesses.ts";
import { guessing } from "../sign-in/sign-in.ts";
import { createOidcAccounts, type OidcAccountsDeps } from "./accounts.ts";
import { createOidcClient, type OidcFailure, type OidcSettings } from "./client.ts";
import { createTickets, ownPath } from "./ticket.ts";

/** `to`: the page that asked for the log-in, if it is known. */
export type OidcRefused = { ok: false; to?: string } & (
  | { reason: OidcFailure["reason"] }
  | { reason: "rate_limited"; waitMs: number }
);

export type Oidc = {
  /** The issuer's host, which people know it by. */
  host: string;
  /** `ticket`: what the browser keeps until it is back. */
  begin(asked: {
    to: string | undefined;
    redirectUri: string;
  }): Promise<{ ok: true; url: string; ticket: string } | OidcRefused>;
  /** `to`: the page that asked for the log-in. `locale`: of the browser, for a new account. */
  finish(
    returned: URL,
    ticket: string | undefined,
    place: Place,
    locale: string | null,
  ): Promise<{ ok: true; entered: Entered; to: string } | OidcRefused>;
};

/** From one network in a quarter of an hour: each one asks the issuer, and a venue has one address. */
const failures = { limit: 200, windowMs: guessing.windowMs };

export type OidcDeps = Omit<OidcAccountsDeps, "settings"> & {
  settings: OidcSettings;
  secret: string;
  entering: Entering;
  onFault(what: string, error: unknown): void;
};

export function createOidc({ settings, secret, entering, onFault, ...deps }: OidcDeps): Oidc {
  const client = createOidcClient(settings);
  const tickets = createTickets({ secret, issuer: settings.issuer, now: deps.now });
  const people = createOidcAccounts({ ...deps, settings });
  const tries = createGuesses(failures);

  function failed({ reason, cause }: OidcFailure, to: string): OidcRefused {
    onFault("a log-in at the outside issuer", cause);
    return { ok: false, reason, to };
  }

  return {
    host: new URL(settings.issuer).host,

    async begin({ to, redirectUri }) {
      const begun = await client.begin(redirectUri);
      if (!begun.ok) return failed(begun, ownPath(to));
      return { ok: true, url: begun.url, ticket: tickets.write({ ...begun.flow, to: ownPath(to) }) };
    },

    async finish(returned, text, place, locale) {
      const ticket = text === undefined ? undefined : tickets.read(text);
      if (!ticket) return { ok: false, reason: "oidc_refused" };
      const { to } = ticket;
      const guess = tries.begin(place.network);
      if (!guess.ok) return { ok: false, reason: "rate_limited", waitMs: guess.waitMs, to };
      const finished = await client.finish(returned, ticket);
      if (!finished.ok) return failed(finished, to);
      const account = await people.accountOf(finished.claims, locale);
      const entered = account && (await entering.begin(account, place));
      if (!entered) return { ok: false, reason: "oidc_refused", to };
      guess.succeeded();
      return { ok: true, entered, to };
    },
  };
}
