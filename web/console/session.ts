/** Says who works here: the session of the browser's cookies, which no script reads. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { onKeptElsewhere } from "../lib/kept.ts";
import { isHere, signedIn } from "../lib/shopper.ts";
import { type Account, api, type Session } from "./api.ts";
import { askAs } from "./ask.ts";

const key = ["session"];

export function useSession() {
  return useQuery({
    queryKey: key,
    async queryFn() {
      const session = await findSession();
      isHere(session.account ?? undefined);
      if (session.account) askAs(session.account.userId);
      return session;
    },
    staleTime: Number.POSITIVE_INFINITY,
    // In another tab another person may have signed in: what is done here is done in their name.
    refetchOnWindowFocus: "always",
    refetchOnReconnect: "always",
  });
}

/** In another tab another person signs in, or this one signs out: a window beside it hears of that without being touched. */
export function useHearingOtherTabs(): void {
  const queries = useQueryClient();
  useEffect(() => onKeptElsewhere(signedIn, () => void queries.refetchQueries({ queryKey: key })), [queries]);
}

/** Answers what is called after signing in or out: everything that was read for another person is forgotten. */
export function useForgetAll(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.resetQueries();
}

/** If no person is signed in any more, the page to sign in takes the place of the page, and gives it back. */
export function useAskWhoItIs(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.resetQueries({ queryKey: key });
}

export function mayRunTheShop({ roles }: Account): boolean {
  return roles.includes("ADMIN");
}

/** People of the warehouse see its pages alone. */
export function mayPack({ roles }: Account): boolean {
  return roles.includes("ADMIN") || roles.includes("WAREHOUSE");
}

/** Also for a caller without a page. */
export async function findSession(): Promise<Session> {
  const session = await api.session();
  if (session.account || !session.mayRefresh) return session;
  // The cookie may be of a session that was ended elsewhere: then no person is signed in.
  const renewed = await api.renew().catch(() => ({ account: null }));
  return { ...session, ...renewed };
}
