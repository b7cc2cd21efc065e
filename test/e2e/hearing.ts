/** Hears each order that the pages ask for, and the answer that reaches them: the wishes that the laws speak about. */
import type { BrowserContext, Request } from "playwright-core";
import { type Attempt, attemptUnderWay, endAttempt, type Wish } from "../laws/wish.ts";

type Told = { code?: string; orderId?: string; status?: string };

export function hearOrders(context: BrowserContext, user: string, wishes: Wish[]): void {
  const underWay = new Map<Request, Attempt>();

  context.on("request", (request) => {
    if (!isOrder(request)) return;
    const { productId } = request.postDataJSON() as { productId: string };
    const key = request.headers()["idempotency-key"];
    const attempt = attemptUnderWay(Date.now());
    underWay.set(request, attempt);
    const known = wishes.find((wish) => wish.user === user && wish.key === key);
    if (known) known.attempts.push(attempt);
    else wishes.push({ user, productId, key, attempts: [attempt] });
  });

  context.on("requestfinished", async (request) => {
    const attempt = underWay.get(request);
    if (!attempt) return;
    // None if the browser ends at this moment.
    const response = await request.response().catch(() => undefined);
    const told = (await response?.json().catch(() => ({}))) as Told;
    const { code = "unread", ...rest } = told;
    endAttempt(attempt, Date.now(), { accepted: response?.status() === 202, code, ...rest });
  });

  context.on("requestfailed", (request) => {
    const attempt = underWay.get(request);
    if (attempt) endAttempt(attempt, Date.now(), undefined);
  });
}

function isOrder(request: Request): boolean {
  return request.method() === "POST" && new URL(request.url()).pathname === "/orders";
}
