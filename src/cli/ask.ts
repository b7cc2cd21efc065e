/** Sends the requests of the command line to the running system. */
import { issueToken, secretToAskWith } from "#identity";
import { inUrl } from "#platform/address";
import { isManagementPath } from "#platform/management";
import type { Config } from "../config/config.ts";

/** An error that the person at the terminal sees without a stack trace. */
export class Refused extends Error {
  /** Of the problem that the system answered. */
  readonly code: string | undefined;
  /** The request that it answered so; the message begins with it. */
  readonly request: string;

  constructor(message: string, { code, request = "", ...options }: RefusedOptions = {}) {
    super(message, options);
    this.code = code;
    this.request = request;
  }
}

type RefusedOptions = ErrorOptions & { code?: string; request?: string };

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
  /** `anyStatus`: an answer that is no success is an answer too, as health's is; a problem is none. */
  options?: { anyStatus?: boolean },
) => Promise<Answer>;
export type Answer = Record<string, unknown>;

/** Answers that a command gets when it was carried out before. */
const doneBefore: ReadonlySet<string> = new Set(["product_exists", "drop_exists", "already_scheduled"]);

/** For problems that say less of the request than of the settings of the command. */
const adviceOf: Readonly<Record<string, string>> = {
  unauthenticated: "; set DATA_DIR and JWT_SECRET as the running system has them",
  not_found:
    "; set MANAGEMENT_PORT as the running system has it, or start the service that answers this, and give the gateway its address",
};

/** One sentence: the advice follows in place of the full stop. */
export function advised(says: string, code: string): string {
  const advice = adviceOf[code];
  return advice === undefined ? says : `${says.replace(/\.$/, "")}${advice}`;
}

/** Where the running system of these settings answers on this machine. */
export function originOf({ HOST, PORT }: Pick<Config, "HOST" | "PORT">, port = PORT): string {
  return `http://${HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : inUrl(HOST)}:${port}`;
}

/** Sends requests to the running system as an admin. @throws Refused if it does not answer, or answers a problem. */
export async function createAsk(config: Config): Promise<Ask> {
  const secret = await secretToAskWith(config);
  const token = await issueToken({ ...config, JWT_SECRET: secret }, { role: "ADMIN", user: "cli" });
  return async (method, path, body, headers = {}, { anyStatus = false } = {}) => {
    const port = isManagementPath(path) ? (config.MANAGEMENT_PORT ?? config.PORT) : config.PORT;
    const url = `${originOf(config, port)}${path}`;
    const authorized = { authorization: `Bearer ${token}`, ...headers };
    const init: RequestInit =
      body === undefined
        ? { method, headers: authorized }
        : { method, headers: { ...authorized, "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(url, init).catch((cause) => {
      const advice = "start the system first, or set HOST, PORT and MANAGEMENT_PORT as it has them";
      throw new Refused(`nothing answers at ${url}: ${advice}`, { cause });
    });
    const answer = (await response.json().catch((cause) => {
      const advice = "set HOST, PORT and MANAGEMENT_PORT as the system has them";
      throw new Refused(`${url} was answered ${response.status} without JSON, so by another program: ${advice}`, {
        cause,
      });
    })) as Answer;
    const code = String(answer.code);
    if (response.ok || (anyStatus && answer.code === undefined) || doneBefore.has(code)) return answer;
    const request = `${method} ${path}`;
    const says = `${request} was answered ${response.status} ${code}: ${answer.detail}`;
    throw new Refused(advised(says, code), { code, request });
  };
}
