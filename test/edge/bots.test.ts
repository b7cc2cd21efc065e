/** A line asks each account for something, and people behind one address for nothing more. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createDropgate } from "../../packages/client/src/client.ts";
import { solveWork } from "../../packages/client/src/solve.ts";
import { isSolved } from "../../src/room/work.ts";
import type { Client, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { scheduledLine } from "../support/scheduled-line.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Asked = Problem & { challenge: string; bits: number };
type Place = { seq: number };

describe("a line", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const scheduled = (change?: Record<string, unknown>) => scheduledLine(world, change);

  async function askedOf(person: Client, path: string, headers = {}): Promise<Asked> {
    const { status, body } = await person.post<Asked>(path, undefined, headers);
    assert.deepEqual([status, body.code], [403, "work_required"], JSON.stringify(body));
    return body;
  }

  const workOf = async (path: string) => (await world.anonymous.get<{ work: number | null }>(path)).body.work;

  test("that asks for work gives a place for a solution, and says in public how much it asks for", async () => {
    const { path } = await scheduled({ workToJoin: true });
    assert.equal(await workOf(path), 12);
    const ada = world.as("ada");
    const { challenge, bits } = await askedOf(ada, path);
    assert.equal(bits, 12);
    const solution = { "join-work": await solveWork(challenge, bits) };
    // Not one in four thousand numbers is right.
    const wrong = [0, 1, 2].map((number) => `${challenge}:${number}`).find((text) => !isSolved(text, bits));
    await askedOf(ada, path, { "join-work": String(wrong) });
    await askedOf(world.as("eve"), path, solution);
    assert.equal((await ada.post<Place>(path, undefined, solution)).body.seq, 1);
    assert.equal((await ada.post<Place>(path)).body.seq, 1, "a place that they have costs no more work");
  });

  test("takes a solution once: a place that was left costs new work", async () => {
    const { path } = await scheduled({ workToJoin: true });
    const ada = world.as("ada");
    const { challenge, bits } = await askedOf(ada, path);
    const solution = { "join-work": await solveWork(challenge, bits) };
    assert.equal((await ada.post<Place>(path, undefined, solution)).body.seq, 1);
    assert.equal((await ada.raw("DELETE", path, undefined)).status, 204);
    const again = await askedOf(ada, path, solution);
    const next = { "join-work": await solveWork(again.challenge, again.bits) };
    assert.equal((await ada.post<Place>(path, undefined, next)).body.seq, 2);
  });

  test("asks for work only while its drop says so, which may change at any time and stands in its history", async () => {
    const { path, dropId } = await scheduled();
    assert.equal(await workOf(path), null);
    assert.equal((await world.as("ada").post<Place>(path)).body.seq, 1);
    const changed = await world.admin.patch(`/drops/${dropId}`, { workToJoin: true });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await eventually(async () => (await world.as("bob").post<Asked>(path)).body.code === "work_required");
    const { body } = await world.anonymous.get<{ changes: { fields: object }[] }>(`/drops/${dropId}/changes`);
    assert.ok(JSON.stringify(body).includes('"workToJoin":{"before":false,"after":true}'), JSON.stringify(body));
  });

  test("is joined by the client, which does the work", async () => {
    const { dropId } = await scheduled({ workToJoin: true });
    const token = world.system.faces.identity.issue({ user: "cleo", role: "CUSTOMER", ttlMs: hourMs });
    const shop = createDropgate({ baseUrl: world.origin, headers: { authorization: `Bearer ${token}` } });
    const [first, again] = [await shop.join(dropId), await shop.join(dropId)];
    assert.ok(first.ok && again.ok);
    assert.deepEqual([first.place.seq, again.place.ticket], [1, first.place.ticket]);
    const unknown = await shop.join("unknown-drop");
    assert.equal(!unknown.ok && unknown.problem.code, "drop_not_found");
  });

  test("a person without a verified address gets neither place nor pass, and so no order, where the drop asks for one", async () => {
    const { path, productId } = await scheduled({ verifiedOnly: true, opensAt: inMs(1_000) });
    const eve = world.as("eve");
    const codeOf = async (answer: Promise<{ body: unknown }>) => ((await answer).body as Problem).code;
    assert.equal(await codeOf(eve.post(path)), "email_not_verified");
    assert.equal(await codeOf(eve.post(`${path}/pass`, { productId })), "not_in_line");
    const order = { productId, quantity: 1 };
    await eventually(async () => (await codeOf(eve.post("/orders", order))) === "pass_required");
    const pass = { passId: "p", userId: "ada", dropId: "d", productId, expiresAtMs: Date.now() + hourMs };
    const stolen = { "drop-pass": world.system.faces.identity.passes.sign(pass) };
    assert.equal(await codeOf(eve.post("/orders", order, stolen)), "pass_invalid");
  });

  test("is joined by three hundred people behind one address, who all buy", async () => {
    const { path } = await scheduled();
    const productId = await world.newProduct({ stock: 300 });
    const people = Array.from({ length: 300 }, (_, i) => world.as(`guest-${i}`));
    const places = await Promise.all(people.map((person) => person.post<Place>(path)));
    const seqs = places.map(({ body }) => body.seq).toSorted((a, b) => a - b);
    assert.deepEqual(
      seqs,
      people.map((_, i) => i + 1),
    );
    const orders = await Promise.all(people.map((person) => person.post("/orders", { productId, quantity: 1 })));
    assert.deepEqual(new Set(orders.map(({ status }) => status)), new Set([202]));
  });
});
