/**
 * A reporter for `node --test` that says, after the run, how many cases of a port's contract each adapter passed: two
 * adapters of one port were held to the same law where their figures agree.
 */
import type { TestEvent } from "node:test/reporters";

const contract = /^the (stock gate|event log|workflows) on (.+)$/;

type Cases = { port: string; adapter: string; passed: number; failed: number };

export default async function* contractCases(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const found: Cases[] = [];
  const open = new Map<string, Cases>();
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = data.file ?? "";
    const cases = open.get(file) ?? { port: "", adapter: "", passed: 0, failed: 0 };
    open.set(file, cases);
    // A suite is told after its cases.
    if (data.nesting > 0 && data.details.type !== "suite" && data.skip === undefined) {
      cases[type === "test:pass" ? "passed" : "failed"] += 1;
    }
    if (data.nesting > 0) continue;
    open.delete(file);
    const [, port, adapter] = contract.exec(data.name) ?? [];
    if (port && adapter && cases.passed + cases.failed > 0) found.push({ ...cases, port, adapter });
  }
  if (found.length === 0) return;
  yield "\ncases of each contract\n";
  for (const { port, adapter, passed, failed } of found.toSorted((a, b) => a.port.localeCompare(b.port))) {
    const told = failed > 0 ? `${passed} passed, ${failed} FAILED` : `${passed} passed`;
    yield `  ${port.padEnd(11)} on ${adapter.padEnd(11)} ${told}\n`;
  }
}
