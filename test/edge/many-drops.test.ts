/** A shop that has planned more drops than a list of them has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { query } from "../support/query.ts";
import { openWorld } from "../support/world.ts";

const hourMs = 3_600_000;

test("an open drop is in the list, on the board and in the metrics while a hundred later ones are planned", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const products = [{ productId: await world.newProduct({ stock: 3 }) }];
  const [opensAt, closesAt] = [-1_000, hourMs].map((ms) => new Date(Date.now() + ms).toISOString());
  const made = await world.admin.post("/drops", {
    dropId: "open",
    name: "A",
    zone: "UTC",
    opensAt,
    closesAt,
    products,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await world.admin.post("/drops/open/schedule", { force: true, reason: "test" })).status, 200);
  await plan(world.databaseUrl, 120);

  const { body: list } = await world.anonymous.get<{ items: { dropId: string }[] }>("/drops");
  const shown = list.items.map(({ dropId }) => dropId);
  assert.deepEqual([shown.length, shown.at(-1), shown[0]], [100, "open", "later-99"]);
  assert.match(String((await world.anonymous.get("/drops.ics")).body), /UID:open@127/);
  await eventually(async () => {
    const { body } = await world.admin.get<{ drops: Record<"live", { dropId: string }[]> }>("/admin/board");
    return body.drops.live.some(({ dropId }) => dropId === "open");
  });
  await eventually(async () =>
    /dropgate_drops_live\{paused="false"\} 1/.test(await (await fetch(`${world.origin}/actuator/prometheus`)).text()),
  );
});

async function plan(url: string, count: number): Promise<void> {
  await query(
    url,
    `insert into drops.drop (drop_id, name, zone, opens_at, closes_at, hold_seconds, state, created_at)
     select 'later-' || i, 'Later', 'UTC', now() + i * interval '1 day', now() + i * interval '25 hours', 600, 'scheduled', now()
       from generate_series(1, $1::int) as i`,
    [count],
  );
}
