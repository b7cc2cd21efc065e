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

test("payments that one answer has no room for are adopted too, and a charge without an order is shown once", async () => {
  const left = ["pi_1", "pi_2", "pi_3"];
  const stranger = { ...charge, providerRef: "pi_0", becomes: "unknown" };
  const lines: string[] = [];
  const ask = async () => ({
    charges: [stranger, ...left.splice(0, 2).map((providerRef) => ({ ...charge, providerRef }))],
  });
  const isDone = await adoptPayments(ask, { since: "2026-11-27T08:00:00Z", yes: true }, (line) => lines.push(line));
  assert.equal(isDone, false);
  assert.deepEqual(left, []);
  assert.deepEqual(
    lines.map((line) => / (pi_\d) /.exec(line)?.[1] ?? line),
    ["pi_0", "pi_1", "pi_2", "pi_3", "3 payments are adopted."],
  );
});

test("a text that is no moment is refused before anything is asked", async () => {
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
