/** Writes and reads the ticket that a browser keeps while its person is at the outside issuer: signed, and valid for ten minutes. */
import { ticketTtlMs } from "../sessions/cookies.ts";
import { createSignedFields } from "../tokens/signed-fields.ts";
import type { Flow } from "./client.ts";

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
  const signed = createSignedFields<Sealed>(secret, "dropgate outside log-ins");

  return {
    write: (ticket) => signed.sign({ ...ticket, issuer, untilMs: now() + ticketTtlMs }),

    read(text) {
      const sealed = signed.read(text);
      if (!sealed) return undefined;
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
