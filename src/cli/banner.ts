/** Writes the text on the terminal once the system is up: its addresses, and how to try it. */
import type { Database } from "#engines/open";
import { testCards } from "#payment";
import { inUrl } from "#platform/address";
import { type Config, offersDemoPeople } from "../config/config.ts";

/** The facts about the running system that the banner shows. */
export type Running = { host: string; port: number; managementPort: number; says: { log: string; workflows: string } };

export function bannerOf(config: Config, database: Database, { host, port, managementPort, says }: Running): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : inUrl(host);
  const [url, operators] = [`http://${name}:${port}`, `http://${name}:${managementPort}`];
  const cards =
    config.PAYMENT_PROVIDER === "stripe" ? "    to pay       cards go to Stripe, never to this shop" : cardsSay();
  return `
  Dropgate is up: ${url}

    shop         ${url}/
    console      ${url}/console   (run the shop, pick parcels)
    API          ${url}/docs   (${url}/openapi.json)
    health       ${operators}/actuator/health   metrics ${operators}/actuator/prometheus

    SQL          ${database.says}
    stock gate   ${gateSays(config)}
    event log    ${says.log}
    workflows    ${says.workflows}
    payment      ${config.PAYMENT_PROVIDER === "stripe" ? stripeSays(config) : "simulator"}
    mail         ${mailSays(config, operators)}

    log in       ${logInSays(config, url)}
                 without a browser: header X-User-Id: NAME for a customer${config.TRUST_USER_HEADER ? "" : " (off: TRUST_USER_HEADER is not set)"},
                 npm run --silent token -- --role ADMIN     (or WAREHOUSE, CUSTOMER) for others${secretHint(config)}
${cards}
                 a window of ${Math.round(config.PAYMENT_WINDOW_MS / 1000)} s to pay; set PAYMENT_WINDOW_MS for another

    try it       curl -X POST ${url}/orders -H 'Content-Type: application/json' \\
                   -H 'X-User-Id: test-user' -d '{"productId": "test-product-123", "quantity": 1}'

  Ctrl-C stops everything.

`;
}

function cardsSay(): string {
  const cards = testCards.map((card) => `                 ${card.number}  ${card.says}`);
  return ["    test cards   any other number is approved, unless it ends in 0", ...cards].join("\n");
}

function stripeSays({ STRIPE_API_URL, STRIPE_SECRET_KEY }: Config): string {
  const place = STRIPE_API_URL === undefined ? "" : ` at ${new URL(STRIPE_API_URL).host}`;
  return `Stripe${place}, ${STRIPE_SECRET_KEY?.includes("_live_") ? "live" : "test"} mode`;
}

function logInSays(config: Config, url: string): string {
  if (offersDemoPeople(config))
    return `in a browser: Ada buys, Grace runs the shop, Linus packs; one click each at ${url}/login`;
  return `in a browser: ${url}/join; operators: npm run dropgate -- appoint --email ADDRESS --role ADMIN`;
}

function mailSays({ SMTP_URL }: Config, operators: string): string {
  return SMTP_URL ? `by ${new URL(SMTP_URL).host}` : `kept here; an ADMIN reads it at ${operators}/admin/mails`;
}

/** A shell with another secret would sign a token that is refused. A generated one is in DATA_DIR. */
function secretHint({ origins, JWT_SECRET }: Config): string {
  const name =
    JWT_SECRET === undefined
      ? { environment: "DATA_DIR" }[String(origins.DATA_DIR)]
      : { environment: "JWT_SECRET", file: "JWT_SECRET_FILE" }[String(origins.JWT_SECRET)];
  return name ? `\n                           in a shell with the same ${name}` : "";
}

function gateSays({ REDIS_HOST, REDIS_PORT, REDIS_CLUSTER }: Config): string {
  if (REDIS_HOST === undefined) return "in memory";
  return REDIS_CLUSTER ? `Redis Cluster at ${REDIS_HOST}` : `Redis at ${REDIS_HOST}:${REDIS_PORT}`;
}
