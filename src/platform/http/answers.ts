/** Sends the answers that are ready in one turn of the event loop right after each other. */
import { type IncomingMessage, ServerResponse } from "node:http";

/**
 * A response that ends with this turn of the event loop, after all requests that had arrived are handled. A client or proxy on
 * this machine that sleeps between two answers has to be woken for each, which can cost more than the answer itself.
 */
export class GatheredResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  isEnding = false;

  override end(...answer: unknown[]): this {
    this.isEnding = true;
    if (ready.push([this, answer]) === 1) setImmediate(sendReady);
    return this;
  }

  endNow(answer: unknown[]): void {
    super.end(...(answer as []));
  }
}

// Fastify asks this to see whether a hook has answered. Node's types do not let a subclass declare it.
Object.defineProperty(GatheredResponse.prototype, "writableEnded", {
  get(this: GatheredResponse) {
    return this.isEnding;
  },
});

let ready: [GatheredResponse, unknown[]][] = [];

function sendReady(): void {
  const answers = ready;
  ready = [];
  for (const [response, answer] of answers) response.endNow(answer);
}
