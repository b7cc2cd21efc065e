/** Lists the settings that the living processes of a shop must share. They may be changed, for all processes at once. */
import type { SharedSetting } from "#engines/open";
import type { Config } from "./config.ts";

/** `tokens` signs tokens, passes and receipts: JWT_SECRET, or the generated secret. */
export function sharedOf(config: Config, tokens: string): SharedSetting[] {
  const { JWT_ISSUER, JWT_AUDIENCE, PUBLIC_URL, BEACON_URLS, SMTP_URL } = config;
  const sender = SMTP_URL === undefined ? undefined : new URL(SMTP_URL);
  // It may be changed at the mail server while processes run, and both are one sender.
  if (sender) sender.password = "";
  const ofSimulator = config.PAYMENT_PROVIDER === "simulator" ? config.PAYMENT_WEBHOOK_SECRET : undefined;
  return [
    {
      ...secret("tokens", "JWT_SECRET", tokens),
      harm: "each would refuse the tokens and passes of the other",
    },
    { ...open("issuer", "JWT_ISSUER", JWT_ISSUER), harm: "each would refuse the tokens of the other" },
    { ...open("audience", "JWT_AUDIENCE", JWT_AUDIENCE ?? "none"), harm: "one would refuse the tokens of the other" },
    {
      ...open("site", "PUBLIC_URL", PUBLIC_URL ? new URL(PUBLIC_URL).origin : "the Host of each request"),
      harm: "one would refuse requests that the other accepts from the shop's pages, and links in mails would differ",
    },
    {
      ...secret("mail", "SMTP_URL", sender?.href),
      shown: sender?.host ?? "none",
      harm: "some mails would go another way",
    },
    {
      ...open("beacon", "BEACON_URLS", BEACON_URLS?.split(",").toSorted().join(",") ?? "the shop's own"),
      harm: "a line would be drawn, or wait, depending on which of them draws it",
    },
    {
      ...secret("stripe", "STRIPE_SECRET_KEY", config.STRIPE_SECRET_KEY),
      harm: "a payment of one may be unknown to the account of the other, and a buyer charged at both",
    },
    {
      ...secret("stripe webhooks", "STRIPE_WEBHOOK_SECRET", config.STRIPE_WEBHOOK_SECRET),
      harm: "one would refuse Stripe's webhooks that the other accepts",
    },
    {
      ...secret("simulator webhooks", "PAYMENT_WEBHOOK_SECRET", ofSimulator),
      harm: "one would refuse the simulator's webhooks of the other",
    },
  ];
}

function open(part: string, setting: string, value: string) {
  return { part, setting, value, shown: value, isSecret: false };
}

function secret(part: string, setting: string, value = "") {
  return { part, setting, value, shown: "", isSecret: true };
}
