/** Listens at the ports of the settings, or says which setting names one that cannot be had. */
import { inUrl } from "#platform/address";
import type { Http } from "#platform/http";
import type { Management } from "#platform/management";
import { Refused } from "./cli/ask.ts";
import type { Config } from "./config/config.ts";

/** Returns both ports. They are the same if operators have none of their own. */
export async function listen(app: Http, { HOST, PORT, MANAGEMENT_PORT }: Config, management: Management | undefined) {
  await orRefused("PORT", HOST, PORT, app.listen({ host: HOST, port: PORT, backlog }));
  const address = app.server.address();
  const port = address && typeof address === "object" ? address.port : PORT;
  if (!management) return { port, managementPort: port };
  const at = { host: HOST, port: MANAGEMENT_PORT ?? 0 };
  const listening = management.listen(app.routing, at);
  return { port, managementPort: await orRefused("MANAGEMENT_PORT", HOST, at.port, listening) };
}

/**
 * The backlog of the socket. A sale opens thousands of connections in a moment. The kernel drops those that do not fit,
 * and their clients try again only after 1, 3, 7 s. Node's own 511 were not enough for 1,000 buyers (measured).
 */
const backlog = 4_096;

async function orRefused<T>(setting: string, host: string, port: number, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (cause) {
    const says = whyNot(setting, `${inUrl(host)}:${port}`, (cause as NodeJS.ErrnoException).code);
    throw says === undefined ? cause : new Refused(says);
  }
}

function whyNot(setting: string, at: string, code: string | undefined): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `${at} is taken: stop what listens there, or set ${setting} to another one`;
    case "EACCES":
      return `this user may not listen at ${at}: set ${setting} to another one`;
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `this machine has no address for ${at} (${code}): set HOST to 127.0.0.1, or to 0.0.0.0 for all of its own`;
    default:
      return undefined;
  }
}
