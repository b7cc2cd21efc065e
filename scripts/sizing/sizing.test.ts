import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom } from "../../test/support/random.ts";
import { assumptions, rates } from "./assumptions.ts";
import { measured } from "./page.ts";
import { planFor, ratePerProduct } from "./plan.ts";
import { formulaOf, simulated } from "./queue.ts";

const { costs } = await measured();

test("the simulation agrees with the formula for every part and rate of the page, within the page's error", () => {
  for (const rate of rates) {
    const { parts, shops } = planFor(rate, costs, assumptions);
    for (const { name, serviceMicros, servers } of parts) {
      const queue = { rate: rate / shops, serviceMicros, servers: servers / shops };
      const [said, found] = [formulaOf(queue), simulated(queue, randomFrom(7), 100_000)];
      const about = `${name} at ${rate}: ${JSON.stringify({ said, found })}`;
      assert.ok(Math.abs(found.utilisation / said.utilisation - 1) < 0.02, about);
      const error = Math.max(0.1 * said.waitMicros, 0.01 * serviceMicros);
      assert.ok(Math.abs(found.waitMicros - said.waitMicros) < error, about);
    }
  }
});

test("one server at half its rate waits as long as it serves, and two share the wait as Erlang's C says", () => {
  const one = formulaOf({ rate: 500, serviceMicros: 1_000, servers: 1 });
  assert.ok(Math.abs(one.waitMicros - 1_000) < 1e-6);
  const two = formulaOf({ rate: 1_000, serviceMicros: 1_000, servers: 2 });
  assert.ok(Math.abs(two.waitMicros - 1_000 / 3) < 1e-6);
});

test("no part is planned beyond the utilisation, and every machine that is needed is paid for", () => {
  for (const rate of rates) {
    const { parts, shops, eurosAMonth } = planFor(rate, costs, assumptions);
    for (const { name, utilisation, serviceMicros, servers, machines } of parts) {
      assert.ok(utilisation <= assumptions.utilisation, name);
      assert.ok(Math.abs(utilisation * servers - (rate * serviceMicros) / 1e6) < 1e-6, name);
      const cores = name === "PostgreSQL" ? assumptions.largest.cores : assumptions.machine.cores;
      assert.ok(machines * cores >= servers, name);
    }
    assert.equal(
      eurosAMonth,
      parts.reduce((sum, part) => sum + part.eurosAMonth, 0),
    );
    assert.ok(servers("PostgreSQL") / shops <= assumptions.largest.cores);

    function servers(name: string): number {
      return parts.find((part) => part.name === name)?.servers ?? Number.NaN;
    }
  }
});

test("a product's rate is what one node of Redis can do, so a higher rate needs more products", () => {
  const rate = ratePerProduct(costs, assumptions);
  assert.ok(Math.abs((rate * costs.redis.settle) / 1e6 - assumptions.utilisation) < 1e-9);
});
