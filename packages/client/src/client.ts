/**
 * A typed client of Dropgate. Every route of its API is there with its types as `api`; what needs care is a function of
 * its own: buying once however often it is tried, following an order to its end, and checking a webhook.
 */
import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.ts";
import { type BuyAnswer, type BuyOptions, buyOnce } from "./buy.ts";
import { followOrder, type OrderEvent } from "./follow.ts";
import { type JoinAnswer, joinLine } from "./join.ts";

export type { components, paths } from "./api.ts";
export type { BuyAnswer, BuyOptions } from "./buy.ts";
export type { OrderEvent } from "./follow.ts";
export type { JoinAnswer } from "./join.ts";
export type { Problem } from "./problem.ts";
export { verifyWebhook, type WebhookEvent, type WebhookHeaders, WebhookVerificationError } from "./webhook.ts";

export type PlaceOrder = NonNullable<paths["/orders"]["post"]["requestBody"]>["content"]["application/json"];
export type PlacedOrder = paths["/orders"]["post"]["responses"][202]["content"]["application/json"];
export type Order = components["schemas"]["Order"];

export type DropgateOptions = {
  /** Such as `https://shop.example.com`. */
  baseUrl: string;
  /** Headers of every request, for example `{ authorization: "Bearer …" }`. */
  headers?: Record<string, string>;
};

export type Dropgate = {
  /** Every route: `api.GET("/products")`, `api.POST("/orders/{orderId}/payment", …)`. */
  api: Client<paths>;
  /** Places the order once: a lost answer is asked for again under the same key. */
  buy(order: PlaceOrder, options?: BuyOptions): Promise<BuyAnswer>;
  /** A place in the drop's line, the same one however often it is asked for; works for it if the line asks for that. */
  join(dropId: string): Promise<JoinAnswer>;
  /** The order's states until its end, each once, across lost connections. */
  follow(orderId: string, options?: { signal?: AbortSignal }): AsyncGenerator<OrderEvent, void>;
};

export function createDropgate({ baseUrl, headers = {} }: DropgateOptions): Dropgate {
  const api = createFetchClient<paths>({ baseUrl, headers });
  return {
    api,
    buy: (order, options) => buyOnce(api, order, options),
    join: (dropId) => joinLine(api, dropId),
    follow: (orderId, { signal } = {}) => followOrder({ baseUrl, headers, orderId, signal }),
  };
}
