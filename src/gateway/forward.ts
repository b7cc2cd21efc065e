/**
 * Forwards one request to a process of the service. A request that certainly did not reach one process is sent to another.
 * A request that may have reached a process is never sent again, unless it is a read: two processes could each place the
 * order.
 */
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request as send } from "node:http";
import { afterAnswers } from "#platform/deadline";
import { defineProblems, Problem } from "#platform/problems";
import type { Upstream, Upstreams } from "./upstreams.ts";

export const gatewayProblems = defineProblems({
  answer_lost: {
    status: 502,
    title: "The service ended before it answered; the request may have been carried out",
    retryAfterSeconds: 1,
  },
  service_unavailable: {
    status: 503,
    title: "The service behind this address cannot be reached",
    retryAfterSeconds: 1,
  },
  answer_late: {
    status: 504,
    title: "The service did not answer in time; the request may have been carried out",
    retryAfterSeconds: 1,
  },
});

export type Outgoing = {
  agent: Agent;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer | undefined;
  answerWithinMs: number;
};

const connectWithinMs = 1_000;

/** @throws Problem that says whether the request may have been carried out, and how to ask again. */
export async function forward(upstreams: Upstreams, outgoing: Outgoing): Promise<IncomingMessage> {
  const { method } = outgoing;
  const mayRepeat = method === "GET" || method === "HEAD";
  const tried = new Set<Upstream>();
  let failure: AskFailed | undefined;
  for (;;) {
    const upstream = upstreams.next(tried);
    if (!upstream) throw problemOf(failure, method);
    tried.add(upstream);
    try {
      return await ask(upstream, outgoing);
    } catch (error) {
      failure = error as AskFailed;
      if (failure.how === "unreached") upstream.unreached();
      // A late read has used up all the time that its caller has.
      else if (!mayRepeat || failure.how === "late") throw problemOf(failure, method);
    }
  }
}

/** `silent`: the process does not answer health checks either, so its callers were released. */
type How = "unreached" | "lost" | "late" | "silent";

const kinds = {
  unreached: gatewayProblems.service_unavailable,
  lost: gatewayProblems.answer_lost,
  late: gatewayProblems.answer_late,
  silent: gatewayProblems.answer_late,
};

function problemOf(failure: AskFailed | undefined, method: string): Problem {
  const how = failure?.how ?? "unreached";
  return new Problem(kinds[how], how === "unreached" ? notReached : againBy(method), { cause: failure });
}

const notReached = "The request was not carried out. Send it again after as many seconds as Retry-After says.";

function againBy(method: string): string {
  if (method === "GET" || method === "HEAD") return "Nothing was changed: ask again.";
  return (
    "The request may have been carried out. Repeat it with the same Idempotency-Key: it is carried out once. Without a " +
    "key, first look whether it was carried out: GET /orders lists your orders."
  );
}

class AskFailed extends Error {
  readonly how: How;

  constructor(origin: URL, how: How, cause: unknown) {
    super(`${origin.origin} did not answer`, { cause });
    this.name = "AskFailed";
    this.how = how;
  }
}

function ask(upstream: Upstream, { agent, method, path, headers, body, answerWithinMs }: Outgoing) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    let how: How = "unreached";
    let answer: IncomingMessage | undefined;
    const asking = send(upstream.origin, { agent, method, path, headers, setHost: true });
    const leave = upstream.onSilence(() => {
      if (how === "lost") how = "silent";
      // A stream that the hung process no longer writes to is cut too, so that its reader asks another process.
      (answer ?? asking).destroy(new Error("the process is silent"));
    });
    let callOff = afterAnswers(connectWithinMs, giveUp);
    function giveUp(): void {
      if (how === "lost") how = "late";
      asking.destroy(new Error("no answer in time"));
    }
    function connected(): void {
      // The connection stands, so from here on the process may have read the request.
      how = "lost";
      callOff();
      callOff = afterAnswers(answerWithinMs, giveUp);
    }
    asking.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", connected);
      else connected();
    });
    asking.once("response", (response) => {
      answer = response;
      callOff();
      response.once("close", leave);
      resolve(response);
    });
    asking.on("error", (cause) => {
      callOff();
      leave();
      reject(new AskFailed(upstream.origin, how, cause));
    });
    asking.end(body);
  });
}
