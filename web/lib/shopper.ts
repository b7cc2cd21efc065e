/**
 * Says who the shopper is: the session of the browser's cookies, which no script reads. On the embedded default a visitor
 * without a session is signed in as the demo shopper; elsewhere the pages ask for a log-in.
 */
import type { Static } from "typebox";
import type { AccountAnswer, SessionView } from "#wire/identity";
import { kept } from "./kept.ts";

export type Shopper = AccountAnswer;
export type Session = Static<typeof SessionView>;

/** Longer than the longest answer of the gateway. */
export const answerWithinMs = 12_000;

let asking: Promise<Shopper | undefined> | undefined;

/** undefined if there is no way to sign in. @throws if no answer comes, or, with the answer as its cause, if the shop refuses one. */
export function shopper(): Promise<Shopper | undefined> {
  if (asking) return asking;
  const own: Promise<Shopper | undefined> = find().then(
    (account) => {
      // They have signed in or out meanwhile.
      if (asking && asking !== own) return asking;
      // What stands here is of the person before.
      if (account && owner && owner !== account.userId) location.reload();
      isHere(account);
      if (account) void heard(account);
      return account;
    },
    (error) => {
      if (asking === own) asking = undefined;
      throw error;
    },
  );
  asking = own;
  return own;
}

let heard: (account: Shopper) => void = () => {};

/** `listener` hears of the account whenever the server has told it. */
export function onShopper(listener: typeof heard): void {
  heard = listener;
}

/** A person has signed in. */
export function enter(account: Shopper): void {
  isHere(account);
  asking = Promise.resolve(account);
}

/** The person has signed out: without a note of it the next page would sign them in again as the demo shopper. */
export function leave(): void {
  kept.write(signedOut, true);
  isHere(undefined);
  owner = undefined;
  forgetAll(heldPrefix, places);
  asking = Promise.resolve(undefined);
}

/** Orders that are held: the next person on this browser has none of them. */
export const heldPrefix = "held:";
export const signedOut = "signed-out";
/** The id of their account. */
export const signedIn = "signed-in";

/** Whose pages this document shows: also after their session has run out. */
export let owner: string | undefined;

/** With their receipts, which prove that a person joined: a session that runs out takes none of them away. */
const places = "place:";

function forgetAll(...prefixes: string[]): void {
  for (const prefix of prefixes) for (const name of kept.names(prefix)) kept.forget(name);
}

/** The server has told whose session it is. */
export function isHere(account: Shopper | undefined): void {
  if (account) {
    owner = account.userId;
    const before = kept.read(signedIn);
    if (before !== owner) forgetAll(heldPrefix, ...(before ? [places] : []));
    kept.forget(signedOut);
    kept.write(signedIn, owner);
  } else kept.forget(signedIn);
}

/** As far as this browser knows without asking: whether a way to sign in has to be shown. */
export function isSignedIn(): boolean {
  return kept.read(signedIn) !== undefined;
}

/** The next question asks the server again. */
export function forgetShopper(): void {
  asking = undefined;
}

async function find(): Promise<Shopper | undefined> {
  const { account, mayRefresh, demoPeople } = await answerOf<Session>(send("/session"));
  if (account) return account;
  if (mayRefresh) {
    const response = await post("/session/refresh");
    if (response.status !== 401) return (await answerOf<{ account: Shopper }>(response)).account;
  }
  if (demoPeople.length === 0 || kept.read(signedOut)) return undefined;
  return (await answerOf<{ account: Shopper }>(post("/session/demo", { person: "ada" }))).account;
}

function post(path: string, body?: object): Promise<Response> {
  const typed = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return send(path, { method: "POST", ...typed });
}

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(path, { ...init, signal: AbortSignal.timeout(answerWithinMs) });
}

async function answerOf<Body>(asked: Response | Promise<Response>): Promise<Body> {
  const response = await asked;
  // A gateway without accounts has no such address.
  if (response.status === 404) return { account: null, mayRefresh: false, issuer: null, demoPeople: [] } as Body;
  if (!response.ok) throw new Error("no session", { cause: response });
  return (await response.json()) as Body;
}
