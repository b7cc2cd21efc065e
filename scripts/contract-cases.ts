/**
 * Reports, after a run of `node --test`, how many cases of a port's contract each adapter passed. If the figures of two
 * adapters agree, both passed the same cases.
 */
import type { TestEvent } from "node:test/reporters";

const contract = /^the (stock gate|event log|workflows|mail|payment provider) on (.+)$/;

type Cases = { port: string; adapter: string; passed: number; failed: number };

export default async function* contractCases(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const found: Cases[] = [];
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    // A suite is reported after its cases, and one file after another, whatever the concurrency.
    if (data.nesting > 0) {
      if (data.details.type === "suite" || data.skip !== undefined) continue;
      if (type === "test:pass") passed += 1;
      else failed += 1;
      continue;
    }
    const [, port, adapter] = contract.exec(data.name) ?? [];
    if (port && adapter && passed + failed > 0) found.push({ port, adapter, passed, failed });
    passed = 0;
    failed = 0;
  }
  if (found.length === 0) return;
  yield "\ncases of each contract\n";
  for (const { port, adapter, passed, failed } of found.toSorted((a, b) => a.port.localeCompare(b.port))) {
    const told = failed > 0 ? `${passed} passed, ${failed} FAILED` : `${passed} passed`;
    yield `  ${port.padEnd(16)} on ${adapter.padEnd(11)} ${told}\n`;
  }
}
