/** Buyers that place an order, pay it once it may be paid, and wait until it is confirmed. */
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "../stage.ts";

export type Buyers = {
  /** Orders confirmed since the buyers were opened. */
  readonly confirmed: number;
  /** From now on each of `atOnce` buyers places the next order when the last one is confirmed. */
  begin(atOnce: number): Buying;
  /** At a fixed rate; the times from the answer to CONFIRMED, ascending. `missed`: orders that were sent over 100 ms late. */
  steady(perSecond: number, seconds: number): Promise<{ tookMs: number[]; missed: number }>;
};

export type Buying = {
  /** The orders confirmed per second in each of so many times of so many seconds. */
  rates(times: number, seconds: number): Promise<number[]>;
  /** Resolves when the last orders are confirmed. */
  end(): Promise<void>;
};

const card = JSON.stringify({ cardNumber: "4242424242424242" });
/** An order that is not confirmed by then is a fault of the system or of the benchmark. */
const patienceMs = 60_000;
const lateMs = 100;

type Waiting = { token: string; paid: boolean; confirm(): void };

export async function openBuyers(
  stack: AsyncDisposableStack,
  system: System,
  { productId, tokens }: { productId: string; tokens: string },
): Promise<Buyers> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  stack.defer(() => agent.destroy());
  const people = (await readFile(tokens, "utf8")).trim().split("\n");
  const body = JSON.stringify({ productId, quantity: 1 });
  const waiting = new Map<string, Waiting>();
  /** An order may be ready to be paid before the buyer has read its answer. */
  const readyEarly = new Set<string>();
  let placed = 0;
  let confirmed = 0;

  function post(path: string, token: string, text: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
      };
      const sent = request({ agent, host: "127.0.0.1", port: system.port, method: "POST", path, headers }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (piece: string) => {
          body += piece;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
      });
      sent.on("error", reject);
      sent.end(text);
    });
  }

  async function pay(orderId: string): Promise<void> {
    const order = waiting.get(orderId);
    if (!order) return void readyEarly.add(orderId);
    if (order.paid) return;
    order.paid = true;
    const { status, body } = await post(`/orders/${orderId}/payment`, order.token, card);
    if (status !== 202) throw new Error(`the payment of order ${orderId} was answered ${status} ${body}`);
  }

  /** Resolves once the order is confirmed, with the milliseconds since it was answered. */
  async function buy(): Promise<number> {
    const token = people[placed % people.length] ?? "";
    placed += 1;
    const { status, body: answer } = await post("/orders", token, body);
    if (status !== 202) throw new Error(`an order was answered ${status} ${answer}`);
    const answeredAt = performance.now();
    const { orderId } = JSON.parse(answer) as { orderId: string };
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`order ${orderId} was not confirmed within ${patienceMs / 1000} s`)),
        patienceMs,
      );
      waiting.set(orderId, {
        token,
        paid: false,
        confirm() {
          clearTimeout(timer);
          resolve();
        },
      });
      if (readyEarly.delete(orderId)) pay(orderId).catch(reject);
    });
    confirmed += 1;
    return performance.now() - answeredAt;
  }

  let fault: unknown;
  system.child.on("message", ({ changes = [] }: { changes?: [string, string][] }) => {
    for (const [orderId, status] of changes) {
      if (status === "PAYMENT_PENDING") {
        pay(orderId).catch((error) => {
          fault = error;
        });
      }
      if (status !== "CONFIRMED") continue;
      waiting.get(orderId)?.confirm();
      waiting.delete(orderId);
    }
  });
  await system.ask({ ask: "follow" });

  return {
    get confirmed() {
      return confirmed;
    },

    begin(atOnce) {
      let isOver = false;
      const one = async () => {
        while (!isOver) {
          await buy();
          if (fault) throw fault;
        }
      };
      const buying = Promise.all(Array.from({ length: atOnce }, one));
      buying.catch(() => {
        isOver = true;
      });
      return {
        async rates(times, seconds) {
          const rates: number[] = [];
          while (rates.length < times) {
            const before = { at: performance.now(), confirmed };
            // Buyers end before only with a fault.
            await Promise.race([sleep(seconds * 1000), buying]);
            rates.push((confirmed - before.confirmed) / ((performance.now() - before.at) / 1000));
          }
          return rates;
        },
        async end() {
          isOver = true;
          await buying;
        },
      };
    },

    async steady(perSecond, seconds) {
      const beganAt = performance.now();
      const bought: Promise<number>[] = [];
      let missed = 0;
      for (let i = 0; i < perSecond * seconds; i += 1) {
        const dueAt = beganAt + (i * 1000) / perSecond;
        const aheadMs = dueAt - performance.now();
        if (aheadMs > 1) await sleep(aheadMs);
        else if (aheadMs < -lateMs) missed += 1;
        bought.push(buy());
      }
      const tookMs = await Promise.all(bought);
      return { tookMs: tookMs.toSorted((a, b) => a - b), missed };
    },
  };
}
