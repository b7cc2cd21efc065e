/** The dashboards about orders: what buyers meet in a drop, and the way of an order after its 202. */
import type { Dashboard } from "./panel.ts";

const orders = 'method="POST",route="/orders"';
function quantileOf(quantile: number): string {
  const buckets = `dropgate_http_request_seconds_bucket{${orders},status="202"}`;
  return `histogram_quantile(${quantile}, sum by (le) (rate(${buckets}[$__rate_interval])))`;
}

function answersLike(answer: string): string {
  return `sum by (answer) (rate(dropgate_orders_total{answer=~"${answer}"}[$__rate_interval]))`;
}

export const saleDashboards: readonly Dashboard[] = [
  {
    uid: "dropgate-drop-live",
    title: "Drop live",
    says: "What buyers meet while a drop is on sale.",
    panels: [
      {
        title: "Drops on sale",
        says: "Drops between opening and end that are not paused. Above 0, the alerts of the drop are armed.",
        unit: "short",
        queries: { live: 'max(dropgate_drops_live{paused="false"})' },
        isNumber: true,
      },
      {
        title: "Free units",
        says: "Units of the live drops that buyers can still take.",
        unit: "short",
        queries: { free: 'sum(max by (drop) (dropgate_drop_units{place="free"})) or vector(0)' },
        isNumber: true,
      },
      {
        title: "Accepts",
        says: "Orders that were answered 202, each second.",
        unit: "reqps",
        queries: { accepted: answersLike("accepted") },
      },
      {
        title: "p99 of accepts",
        says: "The slowest hundredth of the accepts of five minutes; the guide wants less than 50 ms.",
        unit: "s",
        queries: { p99: "dropgate:accept_seconds:p99_5m" },
        redFrom: 0.05,
      },
      {
        title: "Answers",
        says: "Answers to POST /orders, each second, by answer.",
        unit: "reqps",
        queries: { "{{answer}}": answersLike(".*") },
      },
      {
        title: "Latency of accepts",
        says: "Half, nineteen twentieths and 99 hundredths of the accepts were faster.",
        unit: "s",
        queries: { p50: quantileOf(0.5), p95: quantileOf(0.95), p99: quantileOf(0.99) },
        goal: 0.05,
      },
      {
        title: "Units of live drops",
        says: "Units by drop and place: free, held by orders that are not paid, sold.",
        unit: "short",
        queries: { "{{drop}} {{place}}": "max by (drop, place) (dropgate_drop_units)" },
      },
      {
        title: "Gate hit rate",
        says: "Lookups that found stock and price; the guide wants more than 99 %.",
        unit: "percentunit",
        queries: { "{{key}}": "dropgate:gate_hits:ratio_rate5m" },
        goal: 0.99,
      },
      {
        title: "Errors against the budget",
        says: "Share of answers with 5xx; 0.1 % are allowed.",
        unit: "percentunit",
        queries: {
          "5 minutes": "dropgate:accept_errors:ratio_rate5m",
          "1 hour": "dropgate:accept_errors:ratio_rate1h",
          "6 hours": "dropgate:accept_errors:ratio_rate6h",
        },
        goal: 0.001,
      },
      {
        title: "Slow accepts against the budget",
        says: "Share of accepts that took 50 ms or more; 1 % may.",
        unit: "percentunit",
        queries: {
          "5 minutes": "dropgate:accept_slow:ratio_rate5m",
          "1 hour": "dropgate:accept_slow:ratio_rate1h",
          "6 hours": "dropgate:accept_slow:ratio_rate6h",
        },
        goal: 0.01,
      },
      {
        title: "Requests that wait",
        says: "Requests to place an order that wait for their answer, by process.",
        unit: "short",
        queries: { "{{instance}}": 'dropgate_orders_waiting{instance=~"$instance"}' },
      },
      {
        title: "Mode of the gate",
        says: "1 for the mode in which orders are taken.",
        unit: "short",
        queries: { "{{mode}}": "max by (mode) (dropgate_gate_mode)" },
      },
    ],
  },
  {
    uid: "dropgate-order-pipeline",
    title: "Order pipeline",
    says: "The way of an order after its 202: settlement, saga, payment, events.",
    panels: [
      {
        title: "Accepted and not settled",
        says: "Records that the settlement group has not handled; the guide wants less than 100.",
        unit: "short",
        queries: { records: 'max(dropgate_consumer_lag_records{topic=~"(.+[.])?orders[.]reservations"})' },
        redFrom: 100,
      },
      {
        title: "Oldest not settled",
        says: "For how long the oldest accepted order waits for the books.",
        unit: "s",
        queries: { age: 'max(dropgate_consumer_lag_seconds{topic=~"(.+[.])?orders[.]reservations"})' },
        redFrom: 30,
      },
      {
        title: "Stuck partitions",
        says: "Partitions with records of which none was consumed for half a minute.",
        unit: "short",
        queries: { stuck: "max(dropgate_partitions_stuck)" },
        redFrom: 1,
      },
      {
        title: "Dead letters",
        says: "Records that could not be handled, and that no operator has handled yet.",
        unit: "short",
        queries: { letters: "sum(max by (topic) (dropgate_dead_letters))" },
        redFrom: 1,
      },
      {
        title: "Lag by group",
        says: "Records that each consumer group has left.",
        unit: "short",
        queries: { "{{group}} {{topic}}": "max by (group, topic) (dropgate_consumer_lag_records)" },
        goal: 100,
      },
      {
        title: "Age of lag by group",
        says: "For how long the oldest record of each group has waited.",
        unit: "s",
        queries: { "{{group}} {{topic}}": "max by (group, topic) (dropgate_consumer_lag_seconds)" },
      },
      {
        title: "Sagas by step",
        says: "Orders that are not over, by the step of their saga.",
        unit: "short",
        queries: { "{{step}}": "max by (step) (dropgate_sagas)" },
      },
      {
        title: "Oldest order by step",
        says: "Age of the oldest order in each step. Only awaiting_payment may be old: as long as the hold.",
        unit: "s",
        queries: { "{{step}}": "max by (step) (dropgate_saga_oldest_seconds)" },
      },
      {
        title: "Orders that change",
        says: "Orders that reached a status, each second.",
        unit: "ops",
        queries: {
          "{{status}}": "sum by (status) (rate(dropgate_order_changes_total[$__rate_interval])) or vector(0)",
        },
      },
      {
        title: "Results of payments",
        says: "What providers decided, each second, by result.",
        unit: "ops",
        queries: { "{{result}}": "sum by (result) (rate(dropgate_payment_results_total[$__rate_interval]))" },
      },
      {
        title: "Payments that wait for the provider",
        says: "Payments for which the provider was asked and has not answered for good.",
        unit: "short",
        queries: { "{{state}}": "max by (state) (dropgate_payments_unsettled)" },
      },
      {
        title: "Oldest payment that waits",
        says: "How long the oldest of them waits.",
        unit: "s",
        queries: { "{{state}}": "max by (state) (dropgate_payments_unsettled_oldest_seconds)" },
      },
      {
        title: "Outboxes",
        says: "For how long the oldest event of an outbox waits for the log.",
        unit: "s",
        queries: { "{{outbox}}": "max by (outbox) (dropgate_outbox_oldest_seconds)" },
      },
      {
        title: "Webhooks",
        says: "Attempts to deliver webhooks each second by outcome, and deliveries that are overdue.",
        unit: "short",
        queries: {
          "{{outcome}} /s": "sum by (outcome) (rate(dropgate_webhook_attempts_total[$__rate_interval]))",
          overdue: "max(dropgate_webhook_deliveries_overdue)",
        },
      },
    ],
  },
];
