/**
 * Tells the story of orders about which there is something to do: those that are paid are confirmed and their money is
 * captured; those whose time is over, or that were ended, give their units and their money back.
 *
 * It is pure and imports types only, so that it is the same text on every workflow engine and in a plain call. Only the
 * books say what has happened: every step reads them first. So the story may run twice, in two processes at a time, and
 * again from its beginning after a crash, and no unit and no money is counted twice.
 */

/** `run`: the run's id in the workflow engine; null if no engine runs it. */
export type Batch = { run: string | null; orderIds: readonly string[] };

/** Orders that are in neither list have no end yet: the next run, or a scan, comes back to them. */
export type Ended = { confirmed: string[]; over: string[] };

/**
 * All are idempotent. An order that fails in a step is left to the scans and stops no other; a step that fails for all
 * of its orders throws, and is repeated until it succeeds. So an error never ends an order.
 */
export type BatchSteps = {
  /** Compares and sets those that are open and paid. `due`: open and not paid, after the deadline. */
  confirmPaid(batch: Batch): Promise<Ended & { due: string[] }>;
  /**
   * Takes the last call of their payments, and then compares and sets each order: confirmed if it is paid after all,
   * without an end yet if the provider is still deciding, else failed, with its units back in the same transaction.
   */
  endAll(batch: Batch): Promise<Ended>;
  captureAll(batch: Batch): Promise<void>;
  /** Cancels every authorization, present or future, and refunds what was captured, for good. */
  voidAll(batch: Batch): Promise<void>;
};

/** Returns how many orders were confirmed and how many were over. */
export async function fulfilOrders({ run, orderIds }: Batch, steps: BatchSteps): Promise<string> {
  const { due, ...found } = await steps.confirmPaid({ run, orderIds });
  const ended = due.length > 0 ? await steps.endAll({ run, orderIds: due }) : nothing;
  return settleMoney(run, [found, ended], steps);
}

/**
 * Orders are ended first and their payments voided second: an authorization that arrives in between finds an order that
 * cannot be confirmed. In the other sequence a run that had read the verdict before could still confirm it, with the money
 * gone.
 */
async function settleMoney(run: string | null, ends: Ended[], steps: BatchSteps): Promise<string> {
  const confirmed = ends.flatMap((end) => end.confirmed);
  const over = ends.flatMap((end) => end.over);
  if (confirmed.length > 0) await steps.captureAll({ run, orderIds: confirmed });
  if (over.length > 0) await steps.voidAll({ run, orderIds: over });
  return `${confirmed.length} confirmed, ${over.length} over`;
}

const nothing: Ended = { confirmed: [], over: [] };

/** Orders that are in no list wait, for their payment or for a scan. */
export type Found = {
  /** Open and paid, or confirmed already. */
  paid: string[];
  /** Open and not paid, after the deadline. */
  due: string[];
  /** Ended without units for the buyer. */
  over: string[];
};

/** Earlier versions asked for these two instead of `confirmPaid`. */
export type EarlierBatchSteps = BatchSteps & {
  readVerdicts(batch: Batch): Promise<Found>;
  /** Compares and sets the orders. */
  confirmAll(batch: Batch): Promise<Ended>;
};

/** For runs that earlier versions began: docs/adr/0090-confirmed-in-the-first-step.md. */
export async function fulfilAll({ run, orderIds }: Batch, steps: EarlierBatchSteps): Promise<string> {
  const { paid, due, over } = await steps.readVerdicts({ run, orderIds });
  const sold = paid.length > 0 ? await steps.confirmAll({ run, orderIds: paid }) : nothing;
  const ended = due.length > 0 ? await steps.endAll({ run, orderIds: due }) : nothing;
  return settleMoney(run, [{ confirmed: [], over }, sold, ended], steps);
}
