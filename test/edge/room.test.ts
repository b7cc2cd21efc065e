/** The line of a drop over the outer face: places, the public state, passes. */

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Client, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { scheduledLine } from "../support/scheduled-line.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Place = {
  seq: number;
  place: number | null;
  ticket: string;
  called: boolean;
  receipt: { text: string; signature: string };
};
type State = { state: string; mode: string; places: number; called: number; takesPlaces: boolean; free: number };

// Side by side: each has a drop of its own.
describe("a drop's line", { concurrency: true }, () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const scheduled = (change?: Record<string, unknown>) => scheduledLine(world, change);

  const leave = (person: Client, path: string) => person.raw("DELETE", path, undefined);
  const stateOf = async (path: string) => (await world.anonymous.get<State>(path)).body;
  const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as Problem).code];

  test("F2: gives a person one place in ten tabs, with a receipt that its public key verifies", async () => {
    const { path, dropId } = await scheduled();
    const ada = world.as("ada");
    const tabs = await Promise.all(Array.from({ length: 10 }, () => ada.post<Place>(path, {})));
    const places = tabs.map(({ status, body }) => [status, body.seq, body.ticket, body.receipt.signature].join());
    assert.equal(new Set(places).size, 1, places.join("\n"));
    const [{ body }] = tabs as [(typeof tabs)[number]];
    assert.match(body.receipt.text, new RegExp(`^dropgate-line-1\nplace\n${dropId}\n${body.ticket}\n1\n`));
    const { publicKey: x } = world.system.faces.identity.signing;
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    assert.ok(verify(null, Buffer.from(body.receipt.text), key, Buffer.from(body.receipt.signature, "base64url")));
    assert.equal((await world.as("bob").post<Place>(path, {})).body.seq, 2);
    assert.equal((await ada.get<Place>(`${path}/place`)).body.ticket, body.ticket);
  });

  test("is left once, and joined again at its end", async () => {
    const { path } = await scheduled();
    const [ada, bob] = [world.as("ada"), world.as("bob")];
    for (const person of [ada, bob]) await person.post(path, {});
    assert.equal((await leave(ada, path)).status, 204);
    assert.deepEqual(codeOf(await leave(ada, path)), [404, "not_in_line"]);
    assert.deepEqual(codeOf(await ada.get(`${path}/place`)), [404, "not_in_line"]);
    assert.equal((await ada.post<Place>(path, {})).body.seq, 3);
  });

  test("tells the same state to all, for a second", async () => {
    const { path } = await scheduled();
    const answer = await world.anonymous.get<State>(path);
    assert.match(String(answer.headers["cache-control"]), /^public, max-age=1,/);
    const { state, mode, places, takesPlaces, free } = answer.body;
    assert.deepEqual([state, mode, places, takesPlaces, free], ["joining", "line", 0, true, 5]);
    assert.deepEqual(codeOf(await world.anonymous.get("/drops/unknown-drop/room")), [404, "drop_not_found"]);
  });

  test("takes no one before its time, without a line, or without a verified address where the drop asks for one", async () => {
    const early = await scheduled({ prequeueAt: inMs(hourMs / 2) });
    assert.deepEqual(codeOf(await world.as("ada").post(early.path, {})), [409, "room_closed"]);
    assert.equal((await stateOf(early.path)).state, "upcoming");
    const open = await scheduled({ entry: "open", prequeueAt: null });
    assert.deepEqual(codeOf(await world.as("ada").post(open.path, {})), [409, "room_closed"]);
    assert.equal((await stateOf(open.path)).state, "none");
    for (const name of ["fair", "roster.txt"]) {
      assert.deepEqual(codeOf(await world.anonymous.get(`/drops/${open.dropId}/${name}`)), [404, "no_draw"]);
      assert.deepEqual(codeOf(await world.anonymous.get(`/drops/unknown-drop/${name}`)), [404, "drop_not_found"]);
    }
    const verified = await scheduled({ verifiedOnly: true });
    assert.deepEqual(codeOf(await world.as("ada").post(verified.path, {})), [403, "email_not_verified"]);
  });

  test("F3: gives no pass before the place is called, and none for what the drop does not sell", async () => {
    const { path, productId } = await scheduled();
    const ada = world.as("ada");
    assert.deepEqual(codeOf(await ada.post(`${path}/pass`, { productId })), [404, "not_in_line"]);
    await ada.post(path, {});
    const early = await ada.post(`${path}/pass`, { productId });
    assert.deepEqual([...codeOf(early), early.headers["retry-after"]], [409, "not_your_turn", "2"]);
    assert.deepEqual(codeOf(await ada.post(`${path}/pass`, { productId: "another" })), [409, "product_not_in_drop"]);
  });

  test("goes on in a drop that is prolonged in its last moment", async () => {
    const window = { prequeueAt: inMs(-2_000), opensAt: inMs(-1_000), closesAt: inMs(4_000), freezeLeadSeconds: 0 };
    const { path, dropId, productId } = await scheduledLine(world, { ...window, stock: 0 });
    const ada = world.as("ada");
    assert.equal((await ada.post(path, {})).status, 200);
    const client = new pg.Client(world.databaseUrl);
    await client.connect();
    // An operator's change that is decided before the closing, and commits after it.
    await client.query("begin");
    await client.query(
      "update drops.drop set closes_at = now() + interval '1 hour', version = nextval('drops.version') where drop_id = $1",
      [dropId],
    );
    await sleep(Math.max(0, Date.parse(window.closesAt) - Date.now()) + 2_500);
    await client.query("commit");
    await client.end();
    const box = { quantity: 1, reason: "a box" };
    assert.equal(
      (await world.admin.post(`/inventory/${productId}/restock`, box, { "idempotency-key": dropId })).status,
      200,
    );
    await eventually(async () => (await ada.post(`${path}/pass`, { productId })).status === 200);
  });
});
