/**
 * Opens one connection to one broker, with a deadline on every request. It uses the client's requests and not its
 * `Producer` and `Consumer`: those cannot tell whether a failed send had left the process, commit again under the next
 * generation after a rebalance, and begin that rebalance while a batch is in hand. It asks for the versions of Kafka
 * 3.7, which every later broker supports.
 */
import { isIP } from "node:net";
import { type API, Connection, ResponseError } from "@platformatic/kafka";
import { afterAnswers, within } from "#platform/deadline";
import { KafkaSilence } from "./errors.ts";
import { adviceOn, type Security } from "./security.ts";

export type Address = { host: string; port: number };

export type Credentials = Security & { clientId: string };

export type Link = {
  /**
   * Returns the whole answer; the caller checks its error codes.
   * @throws KafkaSilence, after which the connection cannot be used.
   */
  ask<Args extends unknown[], Answer>(api: API<Args, Answer>, withinMs: number, ...args: Args): Promise<Answer>;
  readonly broken: boolean;
  /** Closes the connection; a pending request fails with KafkaSilence. */
  cut(): void;
};

/** The client's own time limit, longer than all of ours, so that it never applies. */
const neverMs = 2 ** 31 - 1;

/** @throws KafkaSilence */
export async function openLink(address: Address, credentials: Credentials, withinMs: number): Promise<Link> {
  const { clientId, tls, sasl } = credentials;
  const where = `${address.host}:${address.port}`;
  const connection = new Connection(clientId, {
    // The handshake names the host, so that brokers behind one address know which one is meant. The certificate is
    // checked whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    ...(tls && { tls: { ...tls, rejectUnauthorized: true }, tlsServerName: isIP(address.host) === 0 }),
    ...(sasl && { sasl }),
    // Longer than ours, so that it does not apply. The client leaves this timer standing after a log-in, until it is over.
    connectTimeout: 2 * withinMs,
    requestTimeout: neverMs,
  });
  // Without a listener the loss of an idle connection would end the process.
  connection.on("error", () => {});
  try {
    await within(withinMs, Promise.resolve(connection.connect(address.host, address.port)), () => {
      throw new Error(`no connection within ${withinMs} ms`);
    });
  } catch (error) {
    connection.socket?.destroy();
    throw new KafkaSilence(`no connection to Kafka at ${where}${adviceOn(error, credentials)}`, error);
  }
  let broken = false;
  connection.once("close", () => {
    broken = true;
  });

  function cut(): void {
    broken = true;
    connection.socket.destroy();
  }

  return {
    ask(api, withinMs, ...args) {
      return new Promise((resolve, reject) => {
        const callOff = afterAnswers(withinMs, () => {
          reject(new KafkaSilence(`Kafka at ${where} did not answer within ${Math.round(withinMs)} ms`));
          cut();
        });
        api.async(connection, ...args).then(
          (answer) => {
            callOff();
            resolve(answer);
          },
          (error) => {
            callOff();
            const answer = answerIn(error);
            if (answer) return resolve(answer as Awaited<ReturnType<typeof api.async>>);
            reject(new KafkaSilence(`Kafka at ${where} did not answer${adviceOn(error, credentials)}`, error));
            cut();
          },
        );
      });
    },
    get broken() {
      return broken;
    },
    cut,
  };
}

/** The client throws if any part of an answer has an error, but the other parts matter too. */
function answerIn(error: unknown): unknown {
  return error instanceof ResponseError ? (error as { response?: unknown }).response : undefined;
}
