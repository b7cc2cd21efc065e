/** Tells a shop of real people from one that was started to try it: by whom its settings reach, never by a name. */
import type { Config } from "../../config/config.ts";
import { loopback } from "../../config/faults.ts";

type Reaches = Pick<Config, "PAYMENT_PROVIDER" | "PUBLIC_URL" | "SMTP_URL" | "OIDC_ISSUER">;

/** Each sign in a sentence; none: the shop may be tried. */
export function signsOfProduction(config: Reaches, url: string): string[] {
  const { PAYMENT_PROVIDER, PUBLIC_URL, SMTP_URL, OIDC_ISSUER } = config;
  const { hostname } = new URL(url);
  const signs: [boolean, string][] = [
    [PAYMENT_PROVIDER !== "simulator", `PAYMENT_PROVIDER is ${PAYMENT_PROVIDER}, so it takes real money`],
    [PUBLIC_URL !== undefined && !isLoopback(PUBLIC_URL), `PUBLIC_URL is ${PUBLIC_URL}, so people reach it`],
    [SMTP_URL !== undefined, "SMTP_URL is set, so it writes to people"],
    [OIDC_ISSUER !== undefined, "OIDC_ISSUER is set, so people of an outside issuer sign in"],
    [!loopback.has(hostname), `${url} is another machine`],
  ];
  return signs.filter(([is]) => is).map(([, says]) => says);
}

function isLoopback(url: string): boolean {
  return loopback.has(new URL(url).hostname);
}
