/**
 * Chapters 1 to 5 of the original deployment guide: each command as it is printed there, and the expected output.
 * `<ADMIN_TOKEN>` is a token. If the guide leaves a check to the reader, a sentence here says what is expected and how
 * it is judged.
 */
export type Step = {
  /** Several lines as in the guide; run by bash. */
  command: string;
  /** The guide's words, or ours if it has none. */
  expected: string;
  /** The part of the output to show, and whether it was expected. */
  judge(output: string): { seen: string; ok: boolean };
  /** Repeated until it is right, because the guide lets time pass here. */
  patient?: true;
};
export type Chapter = { title: string; steps: readonly Step[] };

const topics = ["product.events", "orders.reservations", "orders.events"];

const says =
  (pattern: RegExp): Step["judge"] =>
  (output) => ({ seen: lineWith(output, pattern), ok: pattern.test(output) });

export const chapters: readonly Chapter[] = [
  {
    title: "1. Infrastructure Setup",
    steps: [
      { command: "docker exec redis redis-cli ping", expected: "PONG", judge: says(/^PONG$/m) },
      {
        command: "docker exec kafka kafka-topics --list --bootstrap-server localhost:9092",
        expected: "product.events, orders.reservations, etc.",
        judge(output) {
          const listed = output.split("\n").filter((line) => /^[a-z.]+$/.test(line));
          return { seen: listed.join(", "), ok: topics.every((topic) => listed.includes(topic)) };
        },
      },
    ],
  },
  {
    title: "2. Initial Data Sync",
    steps: [
      {
        command: `curl -X POST http://localhost:8080/inventory/admin/sync-redis \\
  -H "Authorization: Bearer <ADMIN_TOKEN>"`,
        expected: "what was synced, product by product, the guide's own among them",
        judge(output) {
          const { products } = json<{ products: { productId: string; action: string; sellable: number }[] }>(output);
          const seen = products?.map(({ productId, action, sellable }) => `${productId} ${action} ${sellable}`) ?? [];
          return { seen: seen.join(", ") || output, ok: seen.some((line) => line.startsWith("test-product-123 ")) };
        },
      },
    ],
  },
  { title: "3. Verify Reconciliation", steps: [reconciliation()] },
  {
    title: "4. Test Order Flow",
    steps: [
      {
        // -i, so that the status is visible.
        command: `curl -i -X POST http://localhost:8080/orders \\
  -H "Content-Type: application/json" \\
  -H "X-User-Id: test-user" \\
  -d '{
    "productId": "test-product-123",
    "quantity": 1
  }'`,
        expected: "HTTP 202 with orderId",
        judge(output) {
          const status = lineWith(output, /^HTTP/);
          const orderId = /"orderId":"[^"]+"/.exec(output)?.[0] ?? output.slice(output.indexOf("{"));
          return { seen: `${status} ${orderId}`, ok: / 202 /.test(status) && /"orderId":"\w/.test(orderId) };
        },
      },
      reconciliation(),
    ],
  },
  {
    title: "5. Monitor Consumer Lag",
    steps: [
      {
        command: `docker exec kafka kafka-consumer-groups \\
  --bootstrap-server localhost:9092 \\
  --describe --group order-processor-group`,
        expected: "the group's partitions of orders.reservations, and no lag",
        patient: true,
        judge(output) {
          const rows = output.split("\n").filter((line) => line.includes("orders.reservations"));
          // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID …; "-" before the first record.
          const read = rows.map((row) => row.trim().split(/\s+/)).filter(([, , , current]) => current !== "-");
          const lag = read.reduce((sum, columns) => sum + Number(columns[5]), 0);
          const records = read.reduce((sum, columns) => sum + Number(columns[3]), 0);
          const seen = `${rows.length} partitions, ${records} records read, lag ${lag}`;
          return { seen, ok: rows.length > 0 && records > 0 && lag === 0 };
        },
      },
    ],
  },
  {
    title: "Health Checks",
    steps: [
      ...["product", "inventory", "order"].map(
        (service): Step => ({
          command: `curl http://localhost:8080/${service}/actuator/health`,
          expected: "UP",
          // A part that does not answer its check within a second counts as down, also on a busy machine.
          patient: true,
          judge: says(/"status":"UP"/),
        }),
      ),
      { command: "docker exec redis redis-cli ping", expected: "PONG", judge: says(/^PONG$/m) },
    ],
  },
];

function reconciliation(): Step {
  return {
    command: `curl http://localhost:8080/admin/reconcile \\
  -H "Authorization: Bearer <ADMIN_TOKEN>"`,
    expected: "All products show status: OK",
    judge(output) {
      const { products } = json<{ products: { productId: string; status: string }[] }>(output);
      const seen = products?.map(({ productId, status }) => `${productId} ${status}`) ?? [];
      return {
        seen: seen.join(", ") || output,
        ok: seen.length > 0 && products?.every(({ status }) => status === "OK") === true,
      };
    },
  };
}

function json<Body>(output: string): Partial<Body> {
  try {
    return JSON.parse(output);
  } catch {
    return {};
  }
}

function lineWith(output: string, pattern: RegExp): string {
  const line = output.split("\n").find((each) => pattern.test(each)) ?? output.trim().split("\n")[0] ?? "";
  return pattern.exec(line)?.[0].startsWith('"') ? (pattern.exec(line)?.[0] ?? "") : line.trim();
}
