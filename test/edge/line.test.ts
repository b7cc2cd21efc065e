/** A line from the first person to the last unit, over the outer face, and what an outsider makes of it. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { randomHex } from "#platform/ids";
import { verifyLine } from "../../src/cli/verify/verify.ts";
import { verifyByPython, withoutPython } from "../fair/python.ts";
import type { Client, PlacedOrder, Problem } from "../support/client.ts";
import { query } from "../support/query.ts";
import { hourMs, inMs } from "../support/times.ts";
import { until } from "../support/until.ts";
import { openWorld, type World } from "../support/world.ts";

type Place = { place: number | null; ticket: string; called: boolean; receipt: { text: string; signature: string } };
type State = {
  state: string;
  order: string | null;
  places: number;
  frozenSize: number | null;
  called: number;
  round: number | null;
  takesPlaces: boolean;
};
type Pass = { pass: string; orderId: string };
type Person = { name: string; client: Client };

// Side by side: each has a drop of its own, and waits for its round of the beacon.
describe("a line from its first person to its last unit", { concurrency: true }, () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  /** Of one product a stock, the first of which is ordered unless another is named. */
  async function newLine(entry: "line" | "draw", ...stocks: [number, ...number[]]) {
    const productIds = (await Promise.all(stocks.map((stock) => world.newProduct({ stock })))) as [string, ...string[]];
    const [productId] = productIds;
    const dropId = `drop-${randomHex(4)}`;
    const times = { prequeueAt: inMs(-1_000), opensAt: inMs(hourMs), closesAt: inMs(2 * hourMs), freezeLeadSeconds: 1 };
    const drop = { dropId, name: "Lamps", zone: "Europe/Berlin", entry, ...times, products: productIds.map(productOf) };
    assert.equal((await world.admin.post("/drops", drop)).status, 201);
    await until(async () => (await world.admin.post(`/drops/${dropId}/schedule`, {})).status === 200);
    const path = `/drops/${dropId}`;
    const stateOf = async () => (await world.anonymous.get<State>(`${path}/room`)).body;
    const join = async (count: number, name = "person"): Promise<Person[]> => {
      const people = Array.from({ length: count }, (_, i) => `${name}-${i + 1}-${dropId}`);
      const clients = people.map((person) => ({ name: person, client: world.as(person) }));
      for (const { client } of clients) assert.equal((await client.post(`${path}/room`, {})).status, 200);
      return clients;
    };
    return {
      dropId,
      productIds,
      path,
      stateOf,
      join,
      placeOf: async ({ client }: Person) => (await client.get<Place>(`${path}/room/place`)).body,
      askForPass: ({ client }: Person) => client.post<Pass>(`${path}/room/pass`, { productId }),
      order: ({ client }: Person, pass?: string, change: { productId?: string; quantity?: number } = {}) =>
        client.post<PlacedOrder & Problem & { roomUrl?: string }>(
          "/orders",
          { productId, quantity: 1, ...change },
          pass === undefined ? {} : { "drop-pass": pass },
        ),
      exchange: ({ client }: Person, pass: string, wanted: string) =>
        client.post<Pass>(`${path}/room/pass/exchange`, { pass, productId: wanted }),
      /** The drop opens in a moment, now that all have joined. */
      async open() {
        await until(async () => (await world.admin.patch(path, { opensAt: inMs(2_500) })).status === 200);
        await until(async () => (await stateOf()).frozenSize !== null);
      },
      untilDrawn: () => until(async () => (await stateOf()).state === "open"),
    };
  }

  type Line = Awaited<ReturnType<typeof newLine>>;

  async function inOrder(line: Line, people: readonly Person[]) {
    const told = await Promise.all(people.map(async (person) => ({ person, told: await line.placeOf(person) })));
    return told.toSorted((a, b) => Number(a.told.place) - Number(b.told.place));
  }

  /** The pass, once the place is called and a unit is free. */
  const passOf = (line: Line, person: Person) =>
    until(async () => {
      const answer = await line.askForPass(person);
      return answer.status === 200 && answer.body.pass;
    });

  test("sells its units in the drawn order, and an outsider recomputes the order in two languages", async (t) => {
    const line = await newLine("line", 3);
    const people = await line.join(6);
    await line.open();
    const [late] = (await line.join(1, "late")) as [Person];
    await line.untilDrawn();
    const places = await inOrder(line, [...people, late]);
    assert.deepEqual(
      places.map(({ told }) => told.place),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(places.at(-1)?.person, late, "who joins after the freeze is behind the drawn ones");

    for (const { person } of places.slice(0, 3)) {
      const pass = await passOf(line, person);
      const [first, again] = [await line.order(person, pass), await line.order(person, pass)];
      assert.deepEqual([first.status, again.status], [202, 202]);
      assert.equal(again.body.orderId, first.body.orderId, "a pass is the key of one order");
    }
    const [, , , fourth] = places as [unknown, unknown, unknown, (typeof places)[number]];
    assert.deepEqual(codeOf(await line.askForPass(fourth.person)), [409, "not_your_turn"]);

    const folder = await mkdtemp(join(tmpdir(), "dropgate-line-"));
    t.after(() => rm(folder, { recursive: true }));
    const receipt = join(folder, "receipt.json");
    await writeFile(receipt, JSON.stringify(places[1]?.told));
    const said: string[] = [];
    const keep = join(folder, "kept");
    const where = `${world.origin}${line.path}`;
    assert.equal(await verifyLine({ where, receipt, keep }, (text) => said.push(text)), true, said.join("\n"));
    assert.equal(await verifyLine({ where: keep, receipt, keep: undefined }, () => {}), true);
    if (withoutPython) return t.diagnostic(withoutPython);
    const { code, order } = await verifyByPython(keep);
    const drawn = places.slice(0, people.length).map(({ told }) => told.ticket);
    assert.deepEqual([code, order], [0, drawn]);
  });

  test("a line that no one joined before its freeze needs no beacon: who comes then is served in order of arrival", async (t) => {
    const line = await newLine("line", 2);
    await until(async () => (await world.admin.patch(line.path, { opensAt: inMs(2_500) })).status === 200);
    await until(async () => (await line.stateOf()).frozenSize === 0);
    const people = await line.join(3);
    const told = await inOrder(line, people);
    assert.deepEqual(
      told.map(({ person, told: { place } }) => [person, place]),
      people.map((person, i) => [person, i + 1]),
    );
    await line.untilDrawn();
    const { order, frozenSize, round } = await line.stateOf();
    assert.deepEqual([order, frozenSize, round], ["arrival", 0, null]);
    for (const person of people.slice(0, 2)) {
      assert.equal((await line.order(person, await passOf(line, person))).status, 202);
    }
    const keep = await mkdtemp(join(tmpdir(), "dropgate-empty-"));
    t.after(() => rm(keep, { recursive: true }));
    const receipt = join(keep, "receipt.json");
    await writeFile(receipt, JSON.stringify(told[1]?.told));
    const said: string[] = [];
    const where = `${world.origin}${line.path}`;
    assert.equal(await verifyLine({ where, receipt, keep }, (text) => said.push(text)), true, said.join("\n"));
    assert.match(said.join("\n"), /✓ empty +No one had joined by the freeze/);
    await rm(receipt);
    if (withoutPython) return t.diagnostic(withoutPython);
    assert.equal((await verifyByPython(keep)).code, 0);
  });

  test("a draw takes no one after its freeze, calls the first ranks, and the next rank for each who lets it lapse", async () => {
    const line = await newLine("draw", 2);
    const people = await line.join(5);
    await line.open();
    assert.deepEqual(codeOf(await world.as(`late-${line.dropId}`).post(`${line.path}/room`, {})), [409, "room_closed"]);
    await line.untilDrawn();
    const [first, second, third, fourth] = (await inOrder(line, people)).map(({ person }) => person) as [
      Person,
      Person,
      Person,
      Person,
    ];
    assert.equal((await line.order(first, await passOf(line, first))).status, 202);
    await passOf(line, second);
    assert.deepEqual(codeOf(await line.askForPass(third)), [409, "not_your_turn"]);
    await endTurn(world, second.name);
    const pass = await passOf(line, third);
    assert.equal((await line.order(third, pass)).status, 202);
    assert.deepEqual(codeOf(await line.askForPass(fourth)), [409, "not_your_turn"]);
    assert.equal((await line.stateOf()).places, 5);
  });

  test("a draw that no one joined takes no one and sells nothing, and says so; once it is ended, another drop has its units", async () => {
    const line = await newLine("draw", 2);
    await line.open();
    const client = world.as(`late-${line.dropId}`);
    const joins = () => client.post(`${line.path}/room`, {});
    assert.deepEqual(codeOf(await joins()), [409, "room_closed"], "frozen");
    await line.untilDrawn();
    assert.deepEqual(codeOf(await joins()), [409, "room_closed"], "open");
    const { frozenSize, order, round, takesPlaces, places } = await line.stateOf();
    assert.deepEqual([frozenSize, order, round, takesPlaces, places], [0, "arrival", null, false, 0]);
    const late = { name: "late", client };
    assert.deepEqual(codeOf(await line.order(late)), [403, "pass_required"]);
    const dropId = `${line.dropId}-again`;
    const plan = { name: "Lamps", zone: "Europe/Berlin", opensAt: inMs(-1_000), closesAt: inMs(hourMs) };
    const next = { dropId, ...plan, products: line.productIds.map(productOf) };
    assert.equal((await world.admin.post("/drops", next)).status, 201);
    const schedule = () => world.admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.deepEqual(codeOf(await schedule()), [409, "product_in_other_drop"]);
    assert.equal((await world.admin.post(`${line.path}/end`, { reason: "no one joined" })).status, 200);
    assert.equal((await schedule()).status, 200);
    assert.equal((await line.order(late)).status, 202);
  });

  for (const entry of ["line", "draw"] as const)
    test(`F3: with entry ${entry} an order needs a pass of its person and drop, and one that is spent makes no other`, async () => {
      const line = await newLine(entry, 3);
      const [ada, bob] = (await line.join(2)) as [Person, Person];
      await line.open();
      const pass = await passOf(line, ada);
      const without = await line.order(ada);
      assert.deepEqual([...codeOf(without), without.body.roomUrl], [403, "pass_required", `${line.path}/room`]);
      const { passes } = world.system.faces.identity;
      const fields = passes.read(pass) ?? assert.fail("it is signed");
      const elsewhere = passes.sign({ ...fields, passId: randomHex(16), dropId: "another" });
      assert.deepEqual(codeOf(await line.order(ada, elsewhere)), [403, "pass_invalid"]);
      assert.deepEqual(codeOf(await line.order(ada, `${pass}x`)), [403, "pass_invalid"]);
      assert.deepEqual(codeOf(await line.order(bob, pass)), [403, "pass_invalid"]);

      const { status, body } = await line.order(ada, pass);
      assert.deepEqual([status, body.orderId], [202, (await line.askForPass(ada)).body.orderId]);
      assert.deepEqual(codeOf(await line.order(ada, pass, { quantity: 2 })), [422, "idempotency_mismatch"]);
      const again = await line.order(ada, pass);
      assert.deepEqual([again.body.orderId, again.headers["idempotency-replayed"]], [body.orderId, "true"]);
      assert.deepEqual(codeOf(await line.order(bob, pass)), [403, "pass_invalid"]);
      assert.deepEqual(codeOf(await line.order(ada)), [403, "pass_required"]);
      const spent = await until(async () => {
        const answer = await line.askForPass(ada);
        return answer.status === 409 && answer;
      });
      assert.deepEqual([...codeOf(spent), spent.body.orderId], [409, "pass_spent", body.orderId]);
    });

  test("orders with a pass that the line never gave show after the drop's end, and the operator finds them", async (t) => {
    const line = await newLine("line", 4);
    const [ada] = (await line.join(1)) as [Person];
    await line.open();
    const pass = await passOf(line, ada);
    assert.equal((await line.order(ada, pass)).status, 202);
    const { passes } = world.system.faces.identity;
    const friend: Person = { name: `friend-${line.dropId}`, client: world.as(`friend-${line.dropId}`) };
    const fields = passes.read(pass) ?? assert.fail("it is signed");
    const made = passes.sign({ ...fields, passId: randomHex(16), userId: friend.name });
    const { status, body } = await line.order(friend, made, { quantity: 2 });
    assert.equal(status, 202, "the shop's own secret signed it");
    await world.untilAtRest(line.productIds[0]);
    await until(async () => (await line.askForPass(ada)).status === 409);
    assert.equal((await world.admin.post(`${line.path}/end`, {})).status, 200);

    const keep = await mkdtemp(join(tmpdir(), "dropgate-line-"));
    t.after(() => rm(keep, { recursive: true }));
    const check = async (where: string) => {
      const said: string[] = [];
      await verifyLine({ where, receipt: undefined, keep }, (text) => said.push(text));
      return said.filter((text) => / orders /.test(text)).join();
    };
    const counts =
      "Units ordered while the drop was open, by the shop's own count: 3; units of the orders that passes of places made: 1";
    const asked = await until(async () => {
      const said = await check(`${world.origin}${line.path}`);
      return said.includes("passes of places made: 1") && said;
    });
    assert.equal(asked, `· orders    ${counts} so far. All of these are known some minutes after the end.`);
    const record = JSON.parse(await readFile(join(keep, "fair.json"), "utf8"));
    record.ordered.atMs += 600_000;
    await writeFile(join(keep, "fair.json"), JSON.stringify(record));
    assert.equal(await check(keep), `✗ orders    ${counts}. The difference went to people without a place.`);
    const guide = await readFile(new URL("../../docs/guide/fair.md", import.meta.url), "utf8");
    const [, text = ""] = /```sql\n(.+?)```/s.exec(guide) ?? [];
    const { rows } = await query(world.databaseUrl, text.replace("night-lamps", line.dropId));
    assert.deepEqual(
      rows.map(({ order_id, user_id, quantity }) => [order_id, user_id, quantity]),
      [[body.orderId, friend.name, 2]],
    );
  });

  test("exchange ∥ the order of its pass: exactly one wins, and the units of both sizes add up", async (t) => {
    const people = 12;
    const line = await newLine("draw", people, 2 * people);
    const [medium, large] = line.productIds as [string, string];
    const all = await line.join(people);
    await line.open();
    const bought = await Promise.all(
      all.map(async (person, i) => {
        const pass = await passOf(line, person);
        const exchanging = line.exchange(person, pass, large);
        // An exchange asks the books before the gate, so an order that starts with it comes first.
        await (i === people - 1 ? exchanging : sleep(2 * i));
        const [ordered, exchanged] = await Promise.all([line.order(person, pass), exchanging]);
        if (ordered.status === 202) {
          assert.deepEqual([...codeOf(exchanged), exchanged.body.orderId], [409, "pass_spent", ordered.body.orderId]);
          return medium;
        }
        assert.deepEqual([exchanged.status, codeOf(ordered)], [200, [403, "pass_invalid"]]);
        assert.equal((await line.order(person, exchanged.body.pass, { productId: large })).status, 202);
        assert.deepEqual(codeOf(await line.order(person, pass)), [403, "pass_invalid"]);
        return large;
      }),
    );
    const sold = (productId: string) => bought.filter((one) => one === productId).length;
    t.diagnostic(`${sold(medium)} orders and ${sold(large)} exchanges won`);
    assert.ok(sold(large) > 0, "the last order came after its exchange");
    for (const [productId, stock] of [
      [medium, people],
      [large, 2 * people],
    ] as const)
      assert.equal((await world.untilAtRest(productId)).available, stock - sold(productId));
  });
});

function productOf(productId: string) {
  return { productId };
}

/** The turn of that person ended a while ago, and with it their pass. */
async function endTurn(world: World, name: string): Promise<void> {
  const { rowCount } = await query(
    world.databaseUrl,
    `with ended as (
       update room.place set offered_until = now() - interval '1 minute' where user_id = $1 returning drop_id, seq
     )
     update room.pass a set expires_at = now() - interval '1 minute' from ended
      where ended.drop_id = a.drop_id and ended.seq = a.seq and a.state = 'live'`,
    [name],
  );
  assert.equal(rowCount, 1);
}

function codeOf({ status, body }: { status: number; body: unknown }) {
  return [status, (body as Problem).code];
}
