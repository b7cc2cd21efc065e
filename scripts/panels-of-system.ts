/** The dashboards about what orders stand on: the units, and the processes. */
import type { Dashboard } from "./panel.ts";

export const systemDashboards: readonly Dashboard[] = [
  {
    uid: "dropgate-stock-integrity",
    title: "Stock integrity",
    says: "The promises about units: none is sold twice, none is lost.",
    panels: [
      {
        title: "Oversold units",
        says: "Units that are promised and never came in. Anything but 0 is a broken promise.",
        unit: "short",
        queries: { oversold: "max(dropgate_oversold_units)" },
        redFrom: 1,
      },
      {
        title: "Products that are CRITICAL",
        says: "Products whose gate and books disagree by ten units or more, in the latest reconciliation.",
        unit: "short",
        queries: { critical: 'max(dropgate_reconcile_products{status="CRITICAL"})' },
        redFrom: 1,
      },
      {
        title: "Since the last reconciliation",
        says: "The guide wants one a day.",
        unit: "s",
        queries: { age: "time() - max(dropgate_reconcile_latest_timestamp_seconds)" },
        redFrom: 93_600,
      },
      {
        title: "Hold past its end",
        says: "Seconds past its end of the hold that should have ended first.",
        unit: "s",
        queries: { overdue: "max(dropgate_hold_overdue_seconds)" },
        redFrom: 120,
      },
      {
        title: "Units in the books",
        says: "Units of all products by their place.",
        unit: "short",
        queries: { "{{place}}": "max by (place) (dropgate_stock_units)", "held by orders": "max(dropgate_held_units)" },
      },
      {
        title: "Reconciliation by status",
        says: "Products by their status in the latest reconciliation.",
        unit: "short",
        queries: { "{{status}}": "max by (status) (dropgate_reconcile_products)" },
      },
      {
        title: "Oldest reservation at the gate",
        says: "Age of the oldest reservation that waits, by state. pending and voiding end within seconds.",
        unit: "s",
        queries: { "{{state}}": "max by (state) (dropgate_gate_oldest_record_seconds)" },
        goal: 30,
      },
      {
        title: "Repairs",
        says: "Products that the system loaded again, and orders that it decided, by reason.",
        unit: "ops",
        queries: { "{{reason}}": "sum by (reason) (rate(dropgate_repairs_total[$__rate_interval]))" },
      },
      {
        title: "Findings about payments",
        says: "News from providers that a person must look at.",
        unit: "short",
        queries: { findings: "sum(max by (kind) (dropgate_payment_findings)) or vector(0)" },
      },
      {
        title: "Age of figures",
        says: "How old the figures of these graphs are. Above a minute, they are blind.",
        unit: "s",
        queries: { "{{figures}}": "min by (figures) (dropgate_figures_age_seconds)" },
        goal: 60,
      },
    ],
  },
  {
    uid: "dropgate-runtime",
    title: "Runtime",
    says: "The processes and what they share: CPU, event loop, memory, pools, Redis.",
    panels: [
      {
        title: "Processes that answer",
        says: "Processes of Dropgate that answer Prometheus.",
        unit: "short",
        queries: { up: 'sum(up{job="dropgate"})' },
        isNumber: true,
      },
      {
        title: "Memory of Redis",
        says: "Share of maxmemory that is used; a full Redis refuses every order. 0 if it has no limit.",
        unit: "percentunit",
        queries: {
          used: 'max(dropgate_redis_memory_bytes{kind="used"}) / max(dropgate_redis_memory_bytes{kind="limit"} > 0) or vector(0)',
        },
        redFrom: 0.8,
      },
      {
        title: "Keys that Redis evicted",
        says: "An evicted counter is lost stock.",
        unit: "short",
        queries: { evicted: "max(dropgate_redis_evicted_keys)" },
        redFrom: 1,
      },
      {
        title: "Metrics that cannot be read",
        says: "Values that were left out of scrapes, in the last ten minutes.",
        unit: "short",
        queries: { unread: "sum(increase(dropgate_metrics_unread_total[10m])) or vector(0)" },
        redFrom: 1,
      },
      {
        title: "CPU",
        says: "Cores that each process uses.",
        unit: "short",
        queries: { "{{instance}}": 'rate(process_cpu_seconds_total{instance=~"$instance"}[$__rate_interval])' },
      },
      {
        title: "Event loop",
        says: "How late the event loop is, in 99 of 100 turns at most.",
        unit: "s",
        queries: { "{{instance}}": 'nodejs_eventloop_lag_p99_seconds{instance=~"$instance"}' },
        goal: 0.2,
      },
      {
        title: "Memory",
        says: "Memory of each process, and the used part of its heap.",
        unit: "bytes",
        queries: {
          "{{instance}} resident": 'process_resident_memory_bytes{instance=~"$instance"}',
          "{{instance}} heap": 'nodejs_heap_size_used_bytes{instance=~"$instance"}',
        },
      },
      {
        title: "Garbage collection",
        says: "Share of the time that is spent on it.",
        unit: "percentunit",
        queries: {
          "{{instance}}":
            'sum by (instance) (rate(nodejs_gc_duration_seconds_sum{instance=~"$instance"}[$__rate_interval]))',
        },
      },
      {
        title: "Connections to PostgreSQL",
        says: "Connections in use, by module.",
        unit: "short",
        queries: { "{{instance}} {{module}}": 'dropgate_pool_connections{instance=~"$instance",state="busy"}' },
      },
      {
        title: "Callers without a connection",
        says: "Callers that wait for a connection to PostgreSQL, by module.",
        unit: "short",
        queries: { "{{instance}} {{module}}": 'dropgate_pool_connections{instance=~"$instance",state="waiting"}' },
      },
      {
        title: "Redis",
        says: "Memory that Redis uses, and its limit.",
        unit: "bytes",
        queries: { "{{kind}}": "max by (kind) (dropgate_redis_memory_bytes)" },
      },
      {
        title: "Redis was heard",
        says: "Seconds since Redis last told a process about itself.",
        unit: "s",
        queries: { silent: "min(dropgate_redis_silent_seconds)" },
        goal: 10,
      },
      {
        title: "Requests by route",
        says: "Requests each second, by route; those of 5xx beside them.",
        unit: "reqps",
        queries: {
          "{{method}} {{route}}":
            "sum by (method, route) (rate(dropgate_http_request_seconds_count[$__rate_interval]))",
          "5xx": 'sum(rate(dropgate_http_request_seconds_count{status=~"5.."}[$__rate_interval])) or vector(0)',
        },
      },
    ],
  },
];
