/** The live board over the outer face: what it adds up, who may read it, and how long a stream of it lasts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomHex } from "#platform/ids";
import { type EventReader, readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Board = {
  serverNow: string;
  orders: {
    at: string | null;
    acceptsPerSecond: number;
    refusalsPerSecond: Record<string, number>;
    p99Ms: number | null;
    processes: number;
    silent: object[];
  };
  lag: { at: string | null; records: number };
  mode: { at: string | null; mode: string; ready: boolean };
  drops: {
    at: string | null;
    live: { dropId: string; phase: string; sold: number; held: number; free: number; paused: boolean }[];
    next: { dropId: string } | null;
  };
};

describe("the live board", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { JWT_LEEWAY_MS: "0" } });
  });
  after(() => world.close());

  async function scheduled(opensInMs: number, stock: number): Promise<{ dropId: string; productId: string }> {
    const productId = await world.newProduct({ stock });
    const dropId = `drop-${randomHex(4)}`;
    const times = { opensAt: inMs(opensInMs), closesAt: inMs(opensInMs + hourMs) };
    const products = [{ productId }];
    const made = await world.admin.post("/drops", { dropId, name: "Lamps", zone: "Europe/Berlin", ...times, products });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await world.admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return { dropId, productId };
  }

  function follow(ttlMs: number, role: "ADMIN" | "CUSTOMER" = "ADMIN"): Promise<EventReader> {
    const token = world.system.faces.identity.issue({ user: "grace", role, ttlMs });
    return readEvents(`${world.origin}/admin/board/events`, { authorization: `Bearer ${token}` });
  }

  test("a stream tells accepts, refusals, live drops with their units, the next drop, the mode and the lag, each with its time", async () => {
    const live = await scheduled(-1_000, 1);
    const next = await scheduled(hourMs / 2, 1);
    const reader = await follow(hourMs);
    const boards = () => reader.events.map(({ data }) => data as Board);
    await world.place(world.as("ada"), live.productId);
    // A beat is shown until the next one comes, so orders come until the board has shown one.
    const plenty = await world.newProduct({ stock: 10_000 });
    await eventually(async () => {
      await world.place(world.as("cleo"), plenty);
      assert.equal((await world.as("bob").post("/orders", { productId: live.productId, quantity: 1 })).status, 409);
      const shown = boards().map(({ orders }) => orders);
      return (
        shown.some(({ acceptsPerSecond, p99Ms }) => acceptsPerSecond > 0 && p99Ms !== null) &&
        shown.some(({ refusalsPerSecond }) => (refusalsPerSecond.sold_out ?? 0) > 0)
      );
    });
    await eventually(() => {
      const { drops, lag, mode, orders } = boards().at(-1) as Board;
      const [drop] = drops.live;
      assert.deepEqual([drop?.dropId, drop?.phase, drop?.held, drop?.free], [live.dropId, "sold_out_for_now", 1, 0]);
      assert.deepEqual([drops.live.length, drops.next?.dropId], [1, next.dropId]);
      assert.deepEqual([lag.records, mode.mode, mode.ready, orders.processes], [0, "gatekeeper", true, 1]);
      return [drops, lag, mode, orders].every(({ at }) => at !== null);
    });
    await eventually(() => boards().at(-1)?.orders.acceptsPerSecond === 0);
    reader.leave();
  });

  test("once and as a stream the board is an operator's alone, and a stream ends with the session of its reader", async () => {
    const { body, status } = await world.admin.get<Board>("/admin/board");
    assert.equal(status, 200);
    assert.ok(Date.parse(body.serverNow) > 0);
    for (const path of ["/admin/board", "/admin/board/events"]) {
      assert.equal((await world.anonymous.get(path)).status, 401);
      assert.equal((await world.as("ada").get(path)).status, 403);
    }
    // On a busy machine a short session may be over before the first board.
    let sessionMs = 750;
    const reader = await eventually(async () => {
      sessionMs *= 2;
      const opened = await follow(sessionMs);
      await opened.untilEnded();
      return opened.events.length > 0 && opened;
    });
    assert.equal(reader.status, 200);
  });

  test("a part that cannot be read keeps its value and its time, and the others go on", async () => {
    const reader = await follow(hourMs);
    const boards = () => reader.events.map(({ data }) => data as Board);
    await eventually(() => boards().length > 0);
    const { orders } = world.system.faces;
    const lag = orders.lag;
    orders.lag = () => Promise.reject(new Error("the log is away"));
    try {
      await eventually(() => {
        const [first, last] = [boards().at(-3), boards().at(-1)];
        return first?.lag.at === last?.lag.at && first?.orders.at !== last?.orders.at;
      });
    } finally {
      orders.lag = lag;
    }
    reader.leave();
  });
});
