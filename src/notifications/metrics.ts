/** Declares the metrics of outgoing webhooks. */
import type { Metrics } from "#platform/metrics";

export const attemptOutcomes = ["delivered", "refused_by_receiver", "no_answer", "address_refused"] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export function declareNotificationMetrics(metrics: Metrics, waiting: () => number) {
  const attempts = metrics.counter("dropgate_webhook_attempts_total", "Attempts to deliver webhooks, by outcome.", [
    "outcome",
  ]);
  metrics.gauge(
    "dropgate_webhook_deliveries_overdue",
    "Deliveries to enabled webhooks whose next attempt is more than a minute late.",
    waiting,
  );
  const cells = new Map(attemptOutcomes.map((outcome) => [outcome, attempts.with({ outcome })]));
  return { count: (outcome: AttemptOutcome) => cells.get(outcome)?.inc() };
}
