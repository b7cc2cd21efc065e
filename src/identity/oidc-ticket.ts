/** Writes and reads the ticket that a browser keeps while its person is at the outside issuer: signed, and valid for ten minutes. */
import { hkdfSync } from "node:crypto";
import { ticketTtlMs } from "./cookies.ts";
import { createHs256 } from "./hs256.ts";
import type { Flow } from "./oidc-client.ts";

export type Ticket = Flow & {
  /** The page of ours that asked for the log-in. */
  to: string;
};

export type Tickets = {
  write(ticket: Ticket): string;
  /** Undefined if it is not ours, too old, or of another issuer. */
  read(text: string): Ticket | undefined;
};

export function createTickets({ secret, issuer, now }: { secret: string; issuer: string; now(): number }): Tickets {
  // A key for this purpose alone: no token of ours is a ticket, and no ticket is a token.
  const key = Buffer.from(hkdfSync("sha256", secret, "", "dropgate outside log-ins", 32)).toString("hex");
  const hs256 = createHs256(key);

  return {
    write(ticket) {
      const sealed: Sealed = { ...ticket, issuer, untilMs: now() + ticketTtlMs };
      const text = Buffer.from(JSON.stringify(sealed)).toString("base64url");
      return `${text}.${hs256.sign(text)}`;
    },

    read(text) {
      const at = text.indexOf(".");
      if (at < 0 || !hs256.matches(text.slice(0, at), text.slice(at + 1))) return undefined;
      const sealed = JSON.parse(Buffer.from(text.slice(0, at), "base64url").toString()) as Sealed;
      const { issuer: of, untilMs, ...ticket } = sealed;
      return of === issuer && untilMs > now() ? ticket : undefined;
    },
  };
}

type Sealed = Ticket & { issuer: string; untilMs: number };

/**
 * The path if it leads to a page of this shop, else the shop's own page of the person. Browsers read `//`, `/\` and a path
 * with a tab or line break in it as another host.
 */
export function ownPath(to: string | undefined): string {
  return to !== undefined && to.length <= 500 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(to) ? to : "/me";
}
