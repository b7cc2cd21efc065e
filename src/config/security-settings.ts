/** Declares the settings of security: tokens, trusted headers and proxies, rate limits. */
import { defineSettings } from "#platform/config";
import { perMinute } from "./setting-kinds.ts";

export const securitySettings = defineSettings({
  JWT_SECRET: {
    type: "text",
    secret: true,
    min: 32,
    defaultSays: "generated in `DATA_DIR` if every engine is embedded",
    says: "Signs and verifies bearer tokens (HS256).",
  },
  JWT_ISSUER: { type: "text", default: "dropgate", says: "The `iss` claim that tokens are issued with and must have." },
  JWT_AUDIENCE: {
    type: "text",
    defaultSays: "not looked at",
    says: "The `aud` that tokens must carry, alone or among others.",
  },
  JWT_LEEWAY_MS: {
    type: "integer",
    default: 30_000,
    min: 0,
    max: 10 * 60_000,
    says: "Tolerance for the clock of the tokens' issuer: a token is accepted this long before `nbf` and after `exp`.",
  },
  WEBHOOKS_ALLOW_PRIVATE: {
    type: "flag",
    default: false,
    says: "Send webhooks to private addresses and by http too. Only where every ADMIN may reach all that this machine reaches.",
  },
  PUBLIC_URL: {
    type: "url",
    defaultSays: "the Host of each request",
    says:
      "The address at which browsers reach the shop, for example https://shop.example, without a path. Requests that a session's cookie " +
      "authorises must come from its pages.",
  },
  OIDC_ISSUER: {
    type: "url",
    defaultSays: "no outside issuer",
    says:
      "An OpenID Connect issuer where people may sign in, as its discovery document names it. Its redirect URI here is " +
      "`PUBLIC_URL`/session/oidc/callback.",
  },
  OIDC_CLIENT_ID: { type: "text", defaultSays: "needed with `OIDC_ISSUER`", says: "The shop's name at that issuer." },
  OIDC_CLIENT_SECRET: {
    type: "text",
    secret: true,
    defaultSays: "a public client",
    says: "The shop's secret at that issuer, sent as HTTP Basic.",
  },
  OIDC_ROLES_CLAIM: {
    type: "text",
    defaultSays: "people of the issuer are customers, until an ADMIN changes it here",
    says:
      "The claim that names CUSTOMER, WAREHOUSE or ADMIN, such as `roles` or `realm_access.roles`. It then decides a " +
      "person's roles at each log-in.",
  },
  OIDC_TRUST_EMAIL: {
    type: "flag",
    default: false,
    says:
      "Believe addresses that the issuer calls verified: a person who signs in there gets the account that has the " +
      "address. Without it their account has no address and gets no mails.",
  },
  TRUST_USER_HEADER: {
    type: "flag",
    defaultSays: "`true` only if every engine is embedded",
    says: "Accept the header X-User-Id without a token as the name of a customer. Set it only behind your own gateway, if that gateway sets or removes the header.",
  },
  TRUST_PROXY: {
    type: "text",
    defaultSays: "no proxy",
    says:
      "Addresses and networks (such as 10.0.0.0/8) of your proxies and of the gateway, separated by commas. The client's " +
      "address is read from their X-Forwarded-For.",
  },
  RATE_LIMIT_PERSON: perMinute(
    3_000,
    "Orders, payments, cancels and all other acts of a customer per minute per person",
  ),
  RATE_LIMIT_ADDRESS: perMinute(
    0,
    "Orders, payments, cancels and all other acts of a customer per minute per IP address, which a whole venue can share",
  ),
  RATE_LIMIT_FORGED_TOKENS: perMinute(
    60,
    "Invalid tokens per minute per IP address. Valid tokens are not limited by this",
  ),
});
