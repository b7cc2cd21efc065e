import assert from "node:assert/strict";
import { test } from "node:test";
import { adoptPayments } from "./adopt-payments.ts";
import { Refused } from "./ask.ts";

const charge = {
  orderId: "27cbd194-97ec-880e-a898-c92eb548f200",
  providerRef: "pi_1",
  status: "captured",
  amount: 1_999,
  currency: "EUR",
  at: "2026-11-27T08:00:01.000Z",
  becomes: "paid",
};

test("the moment may be written as PostgreSQL prints it, and the command to repeat has it in one word", async () => {
  const bodies: unknown[] = [];
  const lines: string[] = [];
  const ask = async (_method: string, _path: string, body: unknown) => {
    bodies.push(body);
    return { charges: [charge] };
  };
  const isDone = await adoptPayments(ask, { since: "2026-11-27 10:00:00.271456+02", yes: false }, (line) =>
    lines.push(line),
  );
  assert.equal(isDone, true);
  assert.deepEqual(bodies, [{ since: "2026-11-27T08:00:00.271Z", apply: false }]);
  assert.match(lines.at(-1) ?? "", /dropgate payments --since 2026-11-27T08:00:00\.271Z --yes$/);
});

test("what is no moment is refused before anything is asked", async () => {
  const ask = () => assert.fail("it asked");
  // Each but the first two has a value for Date.parse, and is a later moment than was meant on some machine.
  for (const since of ["yesterday", "", "5", "2026", "2026-02-31T08:00:00Z", "2026-11-27", "2026-11-27 08:00:00"]) {
    await assert.rejects(
      adoptPayments(ask, { since, yes: true }, () => {}),
      (error) => error instanceof Refused && /is no moment: write it with its offset/.test(error.message),
      since,
    );
  }
  await assert.rejects(
    adoptPayments(ask, { since: "2999-01-01T00:00:00Z", yes: true }, () => {}),
    /--since 2999\S+ is not over yet/,
  );
});
