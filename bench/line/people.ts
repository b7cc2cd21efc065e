/**
 * The people of a line, as the waiting page behaves: they join, keep their receipt, read their place once, and compare it with
 * the public state. Some stay away once they are called, some join late, some act in ten tabs at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { tokenOf } from "../stage.ts";

export type Person = {
  token: string;
  tabs: number;
  /** They join after the drop has opened, so long after it; undefined: before. */
  lateMs: number | undefined;
  /** `leaves`: does not come when called. `lapses`: takes a pass and does not order. `cancels`: orders, and cancels. */
  kind: "buys" | "leaves" | "lapses" | "cancels";
  comesAfterMs: number;
  ticket: string | undefined;
  place: number;
  /** The page keeps it for the check of the published files. */
  receipt: object | undefined;
};

export type Answer = { status: number; body: Record<string, unknown>; retryAfterMs: number; tookMs: number };

export const shares = { tenTabs: 0.05, late: 0.1, lapses: 0.03, cancels: 0.03 };
const lateWithinMs = 40_000;

export function crowdOf(name: string, people: number, leavers: number): Person[] {
  const kindOf = (): Person["kind"] => {
    if (Math.random() < leavers) return "leaves";
    const kind = Math.random();
    return kind < shares.lapses ? "lapses" : kind < shares.lapses + shares.cancels ? "cancels" : "buys";
  };
  return Array.from({ length: people }, (_, i) => ({
    token: tokenOf(`${name}-${i}`, "CUSTOMER"),
    tabs: Math.random() < shares.tenTabs ? 10 : 1,
    lateMs: Math.random() < shares.late ? Math.random() * lateWithinMs : undefined,
    kind: kindOf(),
    comesAfterMs: 200 + Math.random() * 5_000,
    ticket: undefined,
    place: 0,
    receipt: undefined,
  }));
}

export type Line = { port: number; dropId: string; productId: string };

/** In all their tabs at once. @throws if they are refused, or a tab gets another place. */
export async function join({ port, dropId }: Line, person: Person): Promise<void> {
  const answers = await inAllTabs(person, () => ask(port, person, "POST", `/drops/${dropId}/room`, {}));
  for (const { status, body } of answers) {
    if (status !== 200) throw new Error(`a join was answered ${status}: ${JSON.stringify(body)}`);
    person.ticket ??= String(body.ticket);
    if (person.ticket !== body.ticket) throw new Error("a person got a second place");
    const { seq, ticket, receipt } = body as { seq: number; ticket: string; receipt: { signature: string } };
    const joinedAtMs = Date.parse(String(body.joinedAt));
    person.receipt = { dropId, ticket, seq, joinedAtMs, signature: receipt.signature };
    if (body.place !== null) person.place = Number(body.place);
  }
}

export async function readPlace({ port, dropId }: Line, person: Person): Promise<void> {
  const { status, body } = await ask(port, person, "GET", `/drops/${dropId}/room/place`);
  if (status !== 200 || typeof body.place !== "number") {
    throw new Error(`a place was answered ${status}: ${JSON.stringify(body)}`);
  }
  if (person.place > 0 && body.place > person.place) throw new Error(`place ${person.place} became ${body.place}`);
  person.place = body.place;
}

export type Visit = { orderId?: string; toPassMs: number; toOrderMs: number; asks: number; last: string };

/** They were called: they ask for a pass until they have one or all is over, order with it, and pay. */
export async function visit(line: Line, person: Person, isOver: () => boolean): Promise<Visit> {
  const { port, dropId, productId } = line;
  await sleep(person.comesAfterMs);
  const cameAtMs = performance.now();
  const result: Visit = { toPassMs: Number.NaN, toOrderMs: Number.NaN, asks: 0, last: "" };
  for (;;) {
    const body = { productId };
    const answers = await inAllTabs(person, () => ask(port, person, "POST", `/drops/${dropId}/room/pass`, body));
    result.asks += answers.length;
    const passes = new Set(answers.flatMap(({ status, body }) => (status === 200 ? [String(body.pass)] : [])));
    if (passes.size > 1) throw new Error("a person got two passes");
    const [pass] = passes;
    if (pass !== undefined) {
      result.toPassMs = performance.now() - cameAtMs;
      if (person.kind === "lapses") return { ...result, last: "lapses" };
      return await order(line, person, pass, result);
    }
    const [refused] = answers as [Answer];
    result.last = String(refused.body.code);
    if (refused.status >= 500 && refused.status !== 503) throw new Error(`a pass was answered ${refused.status}`);
    if (isOver()) return result;
    await sleep(refused.retryAfterMs);
  }
}

async function order({ port, productId }: Line, person: Person, pass: string, result: Visit): Promise<Visit> {
  await sleep(person.comesAfterMs);
  const headers = { "drop-pass": pass };
  const buy = () => ask(port, person, "POST", "/orders", { productId, quantity: 1 }, headers);
  let answers = await inAllTabs(person, buy);
  while (answers.every(({ status }) => status >= 500 || status === 429)) {
    await sleep(answers[0]?.retryAfterMs ?? 1_000);
    answers = await inAllTabs(person, buy);
  }
  const taken = answers.filter(({ status }) => status === 202);
  const orderIds = new Set(taken.map(({ body }) => String(body.orderId)));
  if (orderIds.size > 1) throw new Error("one pass made two orders");
  const [orderId] = orderIds;
  if (orderId === undefined) return { ...result, last: `order: ${answers[0]?.body.code}` };
  await settle(port, person, orderId);
  return { ...result, orderId, toOrderMs: Math.max(...taken.map(({ tookMs }) => tookMs)), last: person.kind };
}

/** Pays, or gives the unit back. The order may be a moment from being ready. */
async function settle(port: number, person: Person, orderId: string): Promise<void> {
  const cancels = person.kind === "cancels";
  const [path, body] = cancels ? ["cancel", {}] : ["payment", { cardNumber: "4242424242424242" }];
  for (let tries = 0; tries < 120; tries += 1) {
    const answer = await ask(port, person, "POST", `/orders/${orderId}/${path}`, body as object);
    if (answer.status < 300) return;
    if (answer.status < 500 && answer.status !== 409 && answer.status !== 404 && answer.status !== 429) {
      throw new Error(`${path} of ${orderId} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    await sleep(500);
  }
  throw new Error(`${path} of ${orderId} was refused for a minute`);
}

function inAllTabs<T>({ tabs }: Person, act: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: tabs }, act));
}

export async function forAll<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  async function worker(): Promise<void> {
    for (const item of left) await work(item);
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export async function ask(
  port: number,
  person: Pick<Person, "token"> | undefined,
  method: string,
  path: string,
  body?: object,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = {
    ...(person && { authorization: `Bearer ${person.token}` }),
    ...(body && { "content-type": "application/json" }),
    ...more,
  };
  const json = body ? { body: JSON.stringify(body) } : {};
  const beganAt = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...json });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    retryAfterMs: Number(response.headers.get("retry-after") ?? 1) * 1_000,
    tookMs: performance.now() - beganAt,
  };
}
