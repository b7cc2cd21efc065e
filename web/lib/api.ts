/** Every request of the pages. */
import type { Static } from "typebox";
import type { PageAnswer, ProductAnswer } from "#wire/catalog";
import type { ChangeList, DropLive, DropView, ReminderView } from "#wire/drops";
import type { SignedText } from "#wire/fairness";
import type { PayAnswer } from "#wire/fulfilment";
import type { LogInBody, ResetBody, SessionsAnswer, SignUpBody, VerifyBody } from "#wire/identity";
import type { OrderView, PlaceBody, PlacedView } from "#wire/orders";
import type { PayMeansView, PayRequest } from "#wire/payment";
import type { PassView } from "#wire/room";
import { takeInlined } from "./inlined.ts";
import { operations } from "./operations.ts";
import { answerWithinMs, forgetShopper, type Session, type Shopper, shopper } from "./shopper.ts";

export type { PassView };
export type Product = ProductAnswer;
export type Drop = DropView;
export type Order = OrderView;
export type Placed = Static<typeof PlacedView>;
type ProductPage = Pick<Static<typeof PageAnswer>, "nextCursor"> & { products: Product[] };
export type PayMeans = Static<typeof PayMeansView>;
type Reminder = Static<typeof ReminderView>;
type DropPage = { items: Drop[] };
type OrderPage = { orders: Order[]; nextCursor?: string };

type Entered = { account: Shopper };
export type SessionRow = Static<typeof SessionsAnswer>["items"][number];
type CodeSent = { codeId: string };

export type Problem = {
  code: string;
  detail: string;
  status: number;
  /** Names this occurrence in the server's log. */
  instance?: string;
  orderId?: string;
  /** The line for units that come back. */
  listUrl?: string;
  retryAfterMs?: number;
  /** The refusal of an order, signed by the shop. */
  receipt?: SignedText;
};
export type Answer<Body> = { ok: true; body: Body } | { ok: false; problem: Problem };

type Operation = keyof typeof operations;

type Asking = {
  id?: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Who decided it, if that is known; else the person whose page it is. */
  by?: string | undefined;
};

const openToAll: readonly Operation[] = [
  ...(["listProducts", "getProduct", "getTime", "getPaymentMeans"] as const),
  ...(["listDrops", "getDrop", "getDropLive", "listDropChanges"] as const),
  ...(["getSession", "logIn", "sendLogInCode", "logInAsDemo", "signUp", "verifyAccount"] as const),
  ...(["forgotPassword", "resetPassword"] as const),
];

export const api = {
  products: (cursor?: string) => ask<ProductPage>("listProducts", { query: { cursor, limit: "60" } }),
  product: (id: string) => ask<Product>("getProduct", { id }),
  drops: async () => takeInlined<DropPage>("/drops") ?? ask<DropPage>("listDrops"),
  drop: async (id: string) => takeInlined<Drop>(`/drops/${encodeURIComponent(id)}`) ?? ask<Drop>("getDrop", { id }),
  reminder: (id: string) => ask<Reminder>("getReminder", { id }),
  askForReminder: (id: string) => ask<Reminder>("askForReminder", { id }),
  takeReminderBack: (id: string) => ask<undefined>("takeReminderBack", { id }),
  dropLive: (id: string) => ask<DropLive>("getDropLive", { id }),
  dropChanges: (id: string) => ask<Static<typeof ChangeList>>("listDropChanges", { id }),
  time: () => ask<{ epochMs: number }>("getTime"),
  pass: (id: string, productId: string) => ask<PassView>("takePass", { id, body: { productId } }),
  exchangePass: (id: string, pass: string, productId: string) =>
    ask<PassView>("exchangePass", { id, body: { pass, productId } }),
  /** A pass is the key of its order. A refusal comes signed. */
  place: (key: string, body: Static<typeof PlaceBody>, pass?: string, by?: string) =>
    ask<Placed>("placeOrder", {
      body,
      by,
      headers: { ...(pass ? { "drop-pass": pass } : { "idempotency-key": key }), prefer: "receipt" },
    }),
  orders: (cursor?: string) => ask<OrderPage>("listOrders", { query: { cursor, limit: "20" } }),
  order: (id: string) => ask<Order>("getOrder", { id }),
  payMeans: () => ask<PayMeans>("getPaymentMeans"),
  receipt: (id: string) => ask<SignedText>("getReceipt", { id }),
  extend: (id: string) => ask<Order>("extendOrder", { id }),
  cancel: (id: string) => ask<Order>("cancelOrder", { id }),
  session: () => ask<Session>("getSession"),
  logIn: (body: Static<typeof LogInBody>) => ask<Entered>("logIn", { body }),
  logInAsDemo: (body: { person: string }) => ask<Entered>("logInAsDemo", { body }),
  sendLogInCode: (body: { email: string }) => ask<CodeSent>("sendLogInCode", { body }),
  sessions: (cursor?: string) => ask<Static<typeof SessionsAnswer>>("listSessions", { query: { cursor } }),
  endSession: (id: string) => ask<undefined>("endSession", { id }),
  forgotPassword: (body: { email: string }) => ask<CodeSent>("forgotPassword", { body }),
  resetPassword: (body: Static<typeof ResetBody>) => ask<Entered>("resetPassword", { body }),
  signUp: (body: Static<typeof SignUpBody>) => ask<CodeSent>("signUp", { body }),
  verify: (body: Static<typeof VerifyBody>) => ask<Entered>("verifyAccount", { body }),
  pay: (id: string, body: PayRequest) => ask<Static<typeof PayAnswer>>("payOrder", { id, body }),
};

async function ask<Body>(operation: Operation, asking: Asking = {}): Promise<Answer<Body>> {
  try {
    const response = await send(operation, { ...asking, signal: AbortSignal.timeout(answerWithinMs) });
    if (response.status === 204) return { ok: true, body: undefined as Body };
    if (response.ok) return { ok: true, body: (await response.json()) as Body };
    return { ok: false, problem: await problemOf(response) };
  } catch (error) {
    return { ok: false, problem: await problemIn(error as Error) };
  }
}

/** No answer came, or the session was refused. One refusal is told by all requests that wait for it. */
export async function problemIn({ cause }: Error): Promise<Problem> {
  return cause instanceof Response ? problemOf(cause.clone()) : offline;
}

export const offline: Problem = { code: "offline", detail: "", status: 0 };

/** @throws if no answer comes. Renews a session that has run out, once. */
export async function send(operation: Operation, asking: Asking): Promise<Response> {
  if (openToAll.includes(operation)) return sendOnce(operation, asking);
  // The browser sends the cookies of the session, once there is one: by now they may be another person's.
  const who = asking.by ?? (await shopper())?.userId;
  const named = { ...asking, headers: { ...asking.headers, ...(who && { "as-user": who }) } };
  const response = await sendOnce(operation, named);
  if (response.status === 412) forgetShopper();
  if (response.status !== 401) return response;
  forgetShopper();
  await shopper();
  return sendOnce(operation, named);
}

async function sendOnce(operation: Operation, { id = "", query = {}, body, headers, signal }: Asking) {
  const [method, path] = operations[operation];
  const search = new URLSearchParams(
    Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const url = path.replace(/\{\w+\}/, encodeURIComponent(id)) + (search.size > 0 ? `?${search}` : "");
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(url, {
    method,
    headers: { ...typed, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

export async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const seconds = Number(response.headers.get("retry-after"));
  return {
    ...told,
    code: told.code ?? "internal_error",
    detail: told.detail ?? "",
    status: response.status,
    ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
  };
}
