/** Declares the metrics of payments: what providers decided, what they still owe, and what a person must look at. */
import type { Measure } from "#platform/measure";
import type { Metrics } from "#platform/metrics";
import type { Announcement } from "./facts.ts";
import { type UnsettledFigures, unsettledStates } from "./figures.ts";
import type { Findings } from "./findings.ts";
import type { NewsKind } from "./news.ts";

export function declarePaymentCounts(metrics: Metrics): (announcement: Announcement) => void {
  const results = metrics.counter(
    "dropgate_payment_results_total",
    "Results of payments that this process learned first, by result.",
    ["result"],
  );
  const cells = {
    authorized: results.with({ result: "authorized" }),
    declined: results.with({ result: "declined" }),
    returned: results.with({ result: "returned" }),
  };
  return (announcement) => cells[announcement].inc();
}

type Measured = { unsettled(): Promise<UnsettledFigures[]>; findings: Pick<Findings, "countOpen"> };

export function measurePayments(metrics: Metrics, payment: Measured): Measure {
  let unsettled: readonly UnsettledFigures[] = [];
  let findings: ReadonlyMap<NewsKind, number> = new Map();
  const byState = (value: (figures: UnsettledFigures) => number) => () =>
    unsettledStates.map((state) => {
      const figures = unsettled.find((one) => one.state === state);
      return [{ state }, figures ? value(figures) : 0] as const;
    });
  metrics.gauges(
    "dropgate_payments_unsettled",
    "Payments for which the provider was asked and has not answered for good, by state.",
    ["state"],
    byState((figures) => figures.payments),
  );
  metrics.gauges(
    "dropgate_payments_unsettled_oldest_seconds",
    "How long the oldest payment waits for its provider, by state.",
    ["state"],
    byState((figures) => figures.oldestSeconds),
  );
  metrics.gauges(
    "dropgate_payment_findings",
    "Open findings about news from payment providers, which a person has to close, by kind.",
    ["kind"],
    () => Array.from(findings, ([kind, count]) => [{ kind }, count] as const),
  );
  return {
    name: "payments",
    async read() {
      [unsettled, findings] = await Promise.all([payment.unsettled(), payment.findings.countOpen()]);
    },
  };
}
