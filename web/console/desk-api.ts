/** Every question and every act about trouble, mails, webhooks, people and the audit, typed by the server's own schemas. */
import type { Static } from "typebox";
import type { BlackBoxView, LetterSummary, LetterView, SagaView } from "#wire/desk";
import type { AuditAnswer, MailAnswer, SessionsAnswer, UserAnswer } from "#wire/identity";
import type { DeliveryList, RotatedSecret, WebhookView } from "#wire/notifications";
import type { FindingView } from "#wire/payment";
import { ask } from "./ask.ts";

export type Letter = LetterSummary;
export type WholeLetter = LetterView;
export type Saga = SagaView;
export type Box = BlackBoxView;
export type Finding = Static<typeof FindingView>;
export type Webhook = WebhookView;
export type Delivery = Static<typeof DeliveryList>["items"][number];
export type Mail = Static<typeof MailAnswer>;
export type User = Static<typeof UserAnswer>;
export type Entry = Static<typeof AuditAnswer>["items"][number];
export type AuditSearch = { actor?: string; subject?: string };
export type Page<Item, Cursor = string> = { items: Item[]; nextCursor: Cursor | null };

const limit = "50";

export const deskApi = {
  letters: (state: string | undefined, cursor: string | undefined) =>
    ask<Page<Letter>>("listDeadLetters", { query: { state, cursor, limit } }),
  letter: (id: number) => ask<WholeLetter>("getDeadLetter", { id: String(id) }),
  replay: (id: number) => ask<WholeLetter>("replayDeadLetter", { id: String(id) }),
  discard: (id: number, reason: string) => ask<WholeLetter>("discardDeadLetter", { id: String(id), body: { reason } }),
  blackBox: (orderId: string) => ask<Box>("getBlackBox", { id: orderId }),
  sagas: (cursor: string | undefined) => ask<Page<Saga>>("listStuckSagas", { query: { cursor, limit } }),
  retry: (orderId: string) => ask<{ status: string }>("retrySaga", { id: orderId }),
  end: (orderId: string, reason: string) => ask<{ status: string }>("endSaga", { id: orderId, body: { reason } }),

  findings: async () => (await ask<{ items: Finding[] }>("listPaymentFindings")).items,
  closeFinding: (id: number, reason: string) =>
    ask<undefined>("closePaymentFinding", { id: String(id), body: { reason } }),

  webhooks: async () => (await ask<{ items: Webhook[] }>("listWebhooks")).items,
  addWebhook: (body: Pick<Webhook, "url" | "description" | "events">) =>
    ask<Webhook & { secret: string }>("createWebhook", { body }),
  changeWebhook: (id: string, body: Partial<Pick<Webhook, "url" | "description" | "events">> & { enabled?: boolean }) =>
    ask<Webhook>("changeWebhook", { id, body }),
  removeWebhook: (id: string) => ask<undefined>("deleteWebhook", { id }),
  testWebhook: (id: string) => ask<{ deliveryId: number }>("testWebhook", { id }),
  newSecret: (id: string) => ask<Static<typeof RotatedSecret>>("rotateWebhookSecret", { id }),
  deliveries: (id: string, cursor: string | undefined) =>
    ask<Page<Delivery>>("listWebhookDeliveries", { id, query: { cursor, limit: "20" } }),
  resend: (id: number) => ask<{ deliveryId: number }>("resendWebhookDelivery", { id: String(id) }),

  mails: (cursor: string | undefined) => ask<Page<Mail, number>>("listMails", { query: { cursor, limit } }),
  mailsOf: async (orderId: string) => (await ask<Page<Mail, number>>("listMails", { query: { orderId, limit } })).items,
  resendMail: (seq: number) => ask<Mail>("resendMail", { id: String(seq) }),

  users: (q: string, cursor: string | undefined) => ask<Page<User>>("listUsers", { query: { q, cursor, limit } }),
  changeUser: ({ userId, version }: User, body: { roles?: User["roles"]; disabled?: boolean }) =>
    ask<User>("changeUser", { id: userId, body, headers: { "if-match": `"${version}"` } }),

  sessions: (userId: string, cursor: string | undefined) =>
    ask<Static<typeof SessionsAnswer>>("listUserSessions", { id: userId, query: { cursor } }),
  endSession: (userId: string, sessionId: string) => ask<undefined>("endUserSession", { id: [userId, sessionId] }),

  audit: (search: AuditSearch, cursor: string | undefined) =>
    ask<Page<Entry, number>>("listAudit", { query: { ...search, phase: "intent", cursor, limit } }),
  chain: async () => {
    const { chain } = await ask<Static<typeof AuditAnswer>>("listAudit", { query: { verify: "true", limit: "1" } });
    return chain ?? { rows: 0, brokenAt: null };
  },
};
