/**
 * Collects orders into runs: those that come while runs are under way leave together in the next one. So one order alone
 * starts at once, and under load a run has many. The engine says how many may be under way; one more begins if it is full,
 * or if the others take long, as they do when the payment provider is slow.
 */
import { randomUUID } from "node:crypto";
import type { Workflows } from "#engines/workflows";
import { within } from "#platform/deadline";
import type { Batch } from "./batch-saga.ts";

export type Runs = {
  /** There is something to do about the order. It may be forgotten, so the scans look for such orders too. */
  add(orderId: string): void;
  /** A scan found the order. If its run is under way, that does not begin another: the scan finds it again if it must. */
  find(orderId: string): void;
  readonly waiting: number;
  /** The latest run did not reach its end in time, or could not be started. */
  readonly areFailing: boolean;
  stop(): void;
};

export type RunsOptions = {
  workflows: Pick<Workflows<Batch>, "start" | "smallRunsAtOnce">;
  onFault(what: string, error: unknown): void;
};

/** Their payments may all be with the provider at the same time. */
const ordersARun = 256;
const slowAfterMs = 250;
const mostWaiting = 20_000;
/** A run that takes longer goes on by itself; the next one does not wait for it. */
const patienceMs = 5_000;

export function createRuns({ workflows, onFault }: RunsOptions): Runs {
  const waiting = new Set<string>();
  const underWay = new Set<string>();
  /** Added while their run was under way: it may have read the books before. */
  const again = new Set<string>();
  let runs = 0;
  /** Of these, those that have taken `slowAfterMs`. */
  let slowRuns = 0;
  let areFailing = false;
  let stopped = false;

  function mayBegin(): boolean {
    if (stopped || waiting.size === 0) return false;
    if (runs < workflows.smallRunsAtOnce) return true;
    return runs === workflows.smallRunsAtOnce && (waiting.size >= ordersARun || slowRuns === runs);
  }

  function begin(): void {
    while (mayBegin()) {
      const orderIds = [...waiting].slice(0, ordersARun);
      for (const orderId of orderIds) {
        waiting.delete(orderId);
        underWay.add(orderId);
      }
      void run(orderIds);
    }
  }

  async function run(orderIds: readonly string[]): Promise<void> {
    runs += 1;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      slowRuns += 1;
      begin();
    }, slowAfterMs);
    try {
      await within(patienceMs, tell(orderIds), () => {
        throw new Error(`a run of ${orderIds.length} orders did not end within ${patienceMs} ms`);
      });
      areFailing = false;
    } catch (error) {
      areFailing = true;
      onFault("run of orders", error);
    }
    clearTimeout(timer);
    runs -= 1;
    if (isSlow) slowRuns -= 1;
    for (const orderId of orderIds) {
      underWay.delete(orderId);
      if (again.delete(orderId)) waiting.add(orderId);
    }
    begin();
  }

  async function tell(orderIds: readonly string[]): Promise<void> {
    const id = `orders-${randomUUID()}`;
    const started = await workflows.start(id, { run: id, orderIds });
    await started.ended();
  }

  function add(orderId: string): void {
    if (underWay.has(orderId)) again.add(orderId);
    else if (waiting.size < mostWaiting) waiting.add(orderId);
    // Orders whose news come together leave together.
    queueMicrotask(begin);
  }

  return {
    add,
    find(orderId) {
      if (!underWay.has(orderId)) add(orderId);
    },
    get waiting() {
      return waiting.size;
    },
    get areFailing() {
      return areFailing;
    },
    stop() {
      stopped = true;
    },
  };
}
