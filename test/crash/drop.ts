/**
 * The operator of a drop in the middle of a trial: they schedule it, pause and resume it, and cancel it, and repeat each
 * request until it is answered.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Terms } from "../laws/evidence.ts";
import type { Answer, Client, Problem } from "../support/client.ts";
import { insist } from "./insist.ts";

export type DropOptions = {
  admin: Client;
  productId: string;
  /** Its id. */
  dropId: string;
  goesOn(): boolean;
};

export type Drop = {
  /** The terms that the operator asked for, with the times of their answers, in order. */
  readonly terms: readonly Terms[];
  /** From here on its product sells by its terms. */
  scheduled: Promise<void>;
  /** Resolves with whether the cancellation was answered. */
  done: Promise<boolean>;
};

type Told = { closesAt: string; version: number };

const opensAfterMs = 1_500;
const hourMs = 3_600_000;
/** The shortest hold that a drop may have, and another one than the shop has for its other products. */
const holdSeconds = 60;
/** The shop goes by the clock of its database, which it asks from time to time. */
const clocksDifferMs = 500;

export function runDrop({ admin, productId, dropId, goesOn }: DropOptions): Drop {
  const terms: Terms[] = [];

  const insistOn = <B>(ask: () => Promise<Answer<B>>, final: readonly string[]) =>
    insist(goesOn, ask, ({ status, body }) => status < 300 || final.includes((body as Problem).code));

  async function set(
    change: Partial<Terms>,
    ask: () => Promise<Answer<Told>>,
    final: readonly string[] = [],
  ): Promise<boolean> {
    const former = terms.at(-1);
    const told: Terms = { ...(former as Terms), ...change, beganMs: Date.now(), answeredMs: undefined };
    terms.push(told);
    const answer = await insistOn(ask, final);
    if (answer?.status !== 200) return false;
    told.closesAtMs = Date.parse(answer.body.closesAt) + clocksDifferMs;
    told.version = answer.body.version;
    told.answeredMs = Date.now();
    return true;
  }

  async function schedule(): Promise<void> {
    const opensAtMs = Date.now() + opensAfterMs;
    const closesAtMs = opensAtMs + hourMs;
    const window = { opensAt: new Date(opensAtMs).toISOString(), closesAt: new Date(closesAtMs).toISOString() };
    const products = [{ productId }];
    const draft = { dropId, name: "Lamps", zone: "Europe/Berlin", ...window, holdSeconds, products };
    await insistOn(() => admin.post("/drops", draft), ["drop_exists"]);
    const first = { productId, opensAtMs: opensAtMs - clocksDifferMs, closesAtMs, paused: false, version: 0 };
    // The gate may be closed for a moment, which speaks against it.
    const body = { force: true, reason: "the gate is being loaded" };
    // A repeat after a lost answer hears that it is scheduled, and not when its terms held first.
    await set(first, () => admin.post(`/drops/${dropId}/schedule`, body), ["already_scheduled"]);
  }

  const setPaused = (paused: boolean) =>
    set({ paused }, () => admin.put(`/drops/${dropId}/pause`, { paused, reason: "the warehouse counts" }));

  async function goOn(): Promise<boolean> {
    await scheduled;
    const opensInMs = (terms[0]?.opensAtMs ?? 0) - Date.now();
    await sleep(Math.max(0, opensInMs) + 1_000);
    await setPaused(true);
    await sleep(600);
    await setPaused(false);
    await sleep(1_000);
    const reason = "the lamps do not pass the test";
    return set({ cancelled: true }, () => admin.post(`/drops/${dropId}/cancel`, { reason }));
  }

  const scheduled = schedule();
  return { terms, scheduled, done: goOn() };
}
