/** Drops over the outer face: when they sell, who hears what, and what stays as it was announced. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { quicknet, timeOfRound } from "#fairness";
import { randomHex } from "#platform/ids";
import type { Client, PlacedOrder, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { query } from "../support/query.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Drop = {
  dropId: string;
  phase: string;
  version: number;
  opensAt: string;
  closesAt: string;
  products: { productId: string; free: number; held: number; sold: number }[];
};
type Check = { check: string; status: string; says: string; mend?: string };
type NotOpen = Problem & { opensAt: string; serverNow: string };

// Side by side: each has products of its own.
describe("drops", { concurrency: true }, () => {
  let world: World;
  let admin: Client;
  before(async () => {
    world = await openWorld();
    admin = world.admin;
  });
  after(() => world.close());

  async function draft(
    change: Record<string, unknown> = {},
    stock = 5,
  ): Promise<{ dropId: string; productId: string }> {
    const productId = await world.newProduct({ stock });
    const window = { opensAt: inMs(-1_000), closesAt: inMs(hourMs) };
    const drop = { name: "Lamps", zone: "Europe/Berlin", ...window, products: [{ productId, label: "M" }], ...change };
    const made = await admin.post<Drop>("/drops", { dropId: `drop-${randomHex(4)}`, ...drop });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return { dropId: made.body.dropId, productId };
  }

  async function scheduled(change: Record<string, unknown> = {}, stock = 5) {
    const made = await draft(change, stock);
    // A check is against it if a part takes more than two seconds to answer, as on a busy machine.
    const body = change.entry === undefined ? {} : { force: true, reason: "a test of its terms" };
    await eventually(() => act(made.dropId, "schedule", body));
    return made;
  }

  async function act(dropId: string, verb: "schedule" | "end", body: object): Promise<Drop> {
    const answer = await admin.post<Drop>(`/drops/${dropId}/${verb}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  async function setPaused(dropId: string, paused: boolean): Promise<void> {
    const answer = await admin.put<Drop>(`/drops/${dropId}/pause`, { paused, reason: "counting" });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  async function codeOf(productId: string, user: string): Promise<string> {
    const { status, body } = await world.as(user).post<Problem>("/orders", { productId, quantity: 1 });
    return status === 202 ? "accepted" : body.code;
  }

  const phaseOf = async (dropId: string) => (await world.anonymous.get<Drop>(`/drops/${dropId}/live`)).body.phase;

  test("a draft is the operators' own, and its product sells as before; once scheduled it is public and sells by its terms", async () => {
    const { dropId, productId } = await draft({ opensAt: inMs(90_500) });
    assert.equal((await world.anonymous.get(`/drops/${dropId}`)).status, 404);
    assert.equal((await admin.get<Drop>(`/drops/${dropId}`)).body.phase, "draft");
    assert.equal(await codeOf(productId, "ada"), "accepted");

    assert.equal((await eventually(() => act(dropId, "schedule", {}))).phase, "upcoming");
    const { status, body, headers } = await world.as("bob").post<NotOpen>("/orders", { productId, quantity: 1 });
    assert.deepEqual([status, body.code], [409, "drop_not_open"]);
    const waitMs = Date.parse(body.opensAt) - Date.parse(body.serverNow);
    assert.equal(Number(headers["retry-after"]), Math.ceil(waitMs / 1_000));
    assert.ok(waitMs > 0 && waitMs <= 90_500);
    const live = await world.anonymous.get<Drop>(`/drops/${dropId}/live`);
    assert.match(String(live.headers["cache-control"]), /^public, max-age=1,/);
    await eventually(async () => {
      const { body } = await world.anonymous.get<Drop>(`/drops/${dropId}/live`);
      return body.products[0]?.free === 4 && body.products[0].held === 1;
    });
  });

  test("drafts are shown to an operator's cookie where they are asked for, never cached, and refused to others", async () => {
    const { dropId } = await draft();
    const { identity, cookies } = world.system.faces;
    const asked = async (path: string, role: "ADMIN" | "CUSTOMER") => {
      const session = { id: `session-${randomHex(4)}`, version: 1 };
      const token = identity.issueSession({ user: "grace", roles: [role], ttlMs: hourMs, session });
      return fetch(`${world.origin}${path}`, { headers: { cookie: `${cookies.session}=${token}` } });
    };
    const one = await asked(`/drops/${dropId}?drafts=true`, "ADMIN");
    assert.deepEqual([one.status, one.headers.get("cache-control")], [200, "no-store"]);
    const list = await asked("/drops?drafts=true", "ADMIN");
    const { items } = (await list.json()) as { items: Drop[] };
    assert.ok(items.some((item) => item.dropId === dropId));
    assert.equal(list.headers.get("cache-control"), "no-store");
    // Without the question a cache may answer, so that a cookie changes nothing.
    assert.equal((await asked(`/drops/${dropId}`, "ADMIN")).status, 404);
    for (const path of ["/drops", `/drops/${dropId}`]) {
      assert.equal((await asked(`${path}?drafts=true`, "CUSTOMER")).status, 403);
      assert.equal((await world.anonymous.get(`${path}?drafts=true`)).status, 401);
    }
    assert.equal((await admin.get<Problem>(`/drops/${dropId}/cancellation`)).body.code, "drop_not_scheduled");
  });

  test("a drop tells how people get in, by default all at once, and what was announced of it stays once people may join", async () => {
    type Entry = { entry: string; prequeueAt: string | null; [field: string]: unknown };
    const open = await draft();
    const shown = (await admin.get<Entry>(`/drops/${open.dropId}`)).body;
    assert.deepEqual([shown.entry, shown.prequeueAt, shown.freezeLeadSeconds, shown.round], ["open", null, 30, null]);
    assert.deepEqual([shown.listAfterSoldOut, shown.verifiedOnly, shown.listed], [false, false, []]);

    const line = { entry: "line", prequeueAt: inMs(-1_000), admitPerSecond: 7, verifiedOnly: true, beacon: "drand" };
    const { dropId } = await scheduled({ opensAt: inMs(hourMs / 2), freezeLeadSeconds: 60, ...line });
    const { body } = await world.anonymous.get<Entry>(`/drops/${dropId}`);
    assert.deepEqual({ ...body, ...line, freezeLeadSeconds: 60 }, body);
    const patch = (change: object) => admin.patch<Problem & Entry>(`/drops/${dropId}`, change);
    assert.equal((await patch({ entry: "open", prequeueAt: null })).body.code, "drop_frozen");
    assert.equal((await patch({ verifiedOnly: false })).body.code, "drop_frozen");
    const postponed = await patch({ opensAt: inMs(hourMs / 2 + 60_000), admitPerSecond: 9 });
    assert.deepEqual([postponed.status, postponed.body.admitPerSecond], [200, 9]);
    const early = await patch({ opensAt: inMs(-60_000) });
    assert.deepEqual([early.status, early.body.code], [400, "validation"]);
    assert.match(JSON.stringify(early.body), /the line begins before the drop opens/);

    const copied = await admin.post<Entry>(`/drops/${dropId}/copy`, { dropId: `${dropId}-again` });
    assert.deepEqual(
      [copied.body.entry, copied.body.prequeueAt, copied.body.beacon],
      ["line", line.prequeueAt, "drand"],
    );
    const unnamed = await admin.post<Entry & { dropId: string }>(`/drops/${dropId}/copy`);
    assert.deepEqual([unnamed.status, unnamed.body.prequeueAt], [201, line.prequeueAt]);
    assert.notEqual(unnamed.body.dropId, dropId);
  });

  test("a line's round is named when it is scheduled, comes after the freeze, and moves with the opening alone, in public", async () => {
    type Named = Problem & { round: number | null; opensAt: string };
    const settled = { entry: "line", prequeueAt: inMs(-1_000), beacon: "drand" };
    const plan = await draft({ opensAt: inMs(hourMs / 2), ...settled });
    const path = `/drops/${plan.dropId}`;
    assert.equal((await admin.get<Named>(path)).body.round, null);
    const announced = await admin.post<Named>(`${path}/schedule`, { force: true, reason: "test" });
    assert.equal(announced.status, 200);
    const read = async () => (await world.anonymous.get<Named>(path)).body;
    const first = await read();
    assertAfterFreeze(first);
    assert.equal(announced.body.round, first.round);
    const roundOf = async (part: string, name: string) =>
      (await world.anonymous.get<Record<string, unknown>>(`${path}/${part}`)).body[name];
    assert.deepEqual(
      [await roundOf("fair", "promisedRound"), await roundOf("room", "round")],
      [first.round, first.round],
    );

    const patch = (change: object) => admin.patch<Named>(path, change);
    assert.equal((await patch({ admitPerSecond: 5, name: "Lamps again", closesAt: inMs(3 * hourMs) })).status, 200);
    await setPaused(plan.dropId, true);
    await setPaused(plan.dropId, false);
    assert.equal((await read()).round, first.round);
    assert.equal((await patch({ beacon: "own" })).body.code, "drop_frozen");

    // Neither value is known yet: both rounds come after the freeze, from which on the opening stays.
    const later = await patch({ opensAt: inMs(hourMs) });
    assert.equal(later.status, 200);
    assertAfterFreeze(later.body);
    assert.ok((later.body.round ?? 0) > (first.round ?? 0));
    type History = { items: { fields: Record<string, unknown> }[] };
    const [newest] = (await world.anonymous.get<History>(`${path}/changes`)).body.items;
    assert.deepEqual(newest?.fields.round, { before: first.round, after: later.body.round });
    assert.equal((await admin.post<Named>(`${path}/copy`, { dropId: `${plan.dropId}-copy` })).body.round, null);
  });

  test("from the freeze on neither a later nor an earlier opening is taken, so no one chooses between two rounds", async () => {
    const { dropId } = await scheduled({ opensAt: inMs(hourMs / 2), entry: "line", freezeLeadSeconds: 3_600 });
    const read = async () => (await world.anonymous.get<{ round: number; opensAt: string }>(`/drops/${dropId}`)).body;
    const before = await read();
    for (const ms of [hourMs / 4, hourMs, 3 * hourMs]) {
      const moved = await admin.patch<Problem>(`/drops/${dropId}`, { opensAt: inMs(ms), closesAt: inMs(6 * hourMs) });
      assert.deepEqual([moved.status, moved.body.code], [409, "drop_frozen"]);
    }
    const after = await read();
    assert.deepEqual([after.round, after.opensAt], [before.round, before.opensAt]);
  });

  test("pause ∥ orders: none is accepted after the pause was answered, until it is resumed", async () => {
    const { dropId, productId } = await scheduled({}, 200);
    let isPaused = false;
    const late: string[] = [];
    const buyers = Array.from({ length: 30 }, async (_, i) => {
      for (let tries = 0; tries < 3; tries += 1) {
        const beganPaused = isPaused;
        const code = await codeOf(productId, `buyer-${i}-${tries}`);
        if (beganPaused) late.push(code);
      }
    });
    await setPaused(dropId, true);
    isPaused = true;
    await Promise.all(buyers);
    late.push(await codeOf(productId, "late"));
    assert.deepEqual([...new Set(late)], ["drop_paused"]);
    assert.equal(await phaseOf(dropId), "paused");
    await setPaused(dropId, false);
    assert.equal(await codeOf(productId, "again"), "accepted");
  });

  test("closing ∥ retry of an accepted order: the retry gets its order, others hear that the drop is over", async () => {
    const { dropId, productId } = await scheduled();
    const ada = world.as("ada");
    const order = (key: string) =>
      ada.post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 }, { "idempotency-key": key });
    const first = await order("lost-answer");
    assert.equal(first.status, 202);
    await act(dropId, "end", { reason: "enough" });
    const again = await order("lost-answer");
    assert.deepEqual([again.status, again.body.orderId], [202, first.body.orderId]);
    assert.equal((await order("another")).body.code, "drop_ended");
    assert.equal((await admin.post<Problem>(`/drops/${dropId}/end`, {})).body.code, "drop_over");
  });

  test("the terms that decide who is served are frozen; the closing is not, and a pause is always possible", async () => {
    const { dropId } = await scheduled({ opensAt: inMs(20_000) });
    const change = async (patch: object) =>
      (await admin.patch<Problem>(`/drops/${dropId}`, patch)).body.code ?? "changed";
    assert.deepEqual(
      [
        await change({ opensAt: inMs(60_000) }),
        await change({ products: [{ productId: "another" }] }),
        await change({ closesAt: inMs(2 * hourMs) }),
      ],
      ["drop_frozen", "drop_frozen", "changed"],
    );
    await setPaused(dropId, true);
  });

  test("price or size removed while people wait: no size goes, and a buyer who saw the former price pays no other", async () => {
    const { dropId, productId } = await scheduled({ opensAt: inMs(90_000) });
    const sizes = await admin.patch<Problem>(`/drops/${dropId}`, { products: [{ productId: "another" }] });
    assert.equal(sizes.body.code, "drop_frozen");
    const { products } = (await world.anonymous.get<Drop>(`/drops/${dropId}/live`)).body;
    assert.deepEqual(
      products.map((one) => one.productId),
      [productId],
    );
    // Of a drop that is open, because there the price is asked for.
    const open = await scheduled({}, 500);
    assert.equal((await admin.patch(`/products/${open.productId}`, { price: 2_500 })).status, 200);
    const order = async (expectedTotal: number) => {
      const body = { productId: open.productId, quantity: 1, expectedTotal };
      const answer = await world.as("ada").post<Problem>("/orders", body);
      return answer.status === 202 ? "accepted" : answer.body.code;
    };
    // From when the gate knows the new price, the former one is accepted no more.
    await eventually(async () => (await order(1_999)) === "price_changed");
    assert.deepEqual([await order(2_500), await order(1_999)], ["accepted", "price_changed"]);
  });

  test("a change of a version that was not read is refused, and what was announced and changed stands in public", async () => {
    const { dropId } = await scheduled({ opensAt: inMs(hourMs / 2) });
    const read = await admin.get<Drop>(`/drops/${dropId}`);
    const etag = { "if-match": String(read.headers.etag) };
    const later = inMs(hourMs / 2 + 60_000);
    assert.equal((await admin.patch(`/drops/${dropId}`, { opensAt: later }, etag)).status, 200);
    assert.equal((await admin.patch<Problem>(`/drops/${dropId}`, { opensAt: later }, etag)).status, 412);
    const { body } = await world.anonymous.get<{ items: { what: string; fields: object; actor?: string }[] }>(
      `/drops/${dropId}/changes`,
    );
    assert.deepEqual(
      body.items.map(({ what, fields }) => [what, fields]),
      [
        ["changed", { opensAt: { before: read.body.opensAt, after: later } }],
        ["scheduled", {}],
      ],
    );
    assert.ok(body.items.every((item) => item.actor === undefined));
  });

  test("what was changed stands in public to its beginning, page by page, also if it is more than one page", async () => {
    const { dropId } = await scheduled({ opensAt: inMs(hourMs / 2) });
    const more = `insert into drops.change select drop_id, version + n, at, actor, 'changed', null, '{}'
                    from drops.change, generate_series(1, 250) as n where drop_id = $1`;
    await world.system.faces.engines.sql("drops", 1).query(more, [dropId]);
    type Page = { items: { what: string }[]; nextCursor: number | null };
    const read = async (query = "") => (await world.anonymous.get<Page>(`/drops/${dropId}/changes${query}`)).body;
    const first = await read();
    const last = await read(`?cursor=${first.nextCursor}`);
    assert.deepEqual([first.items.length, last.items.length, last.nextCursor], [200, 51, null]);
    assert.equal(last.items.at(-1)?.what, "scheduled");
  });

  test("a product is in one live drop: of two that are scheduled at once one is refused, until the other is over", async () => {
    const one = await draft();
    const products = [{ productId: one.productId }];
    const [two, three] = [await draft({ products }), await draft({ products })];
    const ids = [one.dropId, two.dropId, three.dropId];
    const answers = await Promise.all(ids.map((dropId) => admin.post<Drop & Problem>(`/drops/${dropId}/schedule`, {})));
    const codes = answers.map(({ status, body }) => (status === 200 ? "scheduled" : body.code));
    assert.deepEqual(codes.toSorted(), ["product_in_other_drop", "product_in_other_drop", "scheduled"]);
    await act(ids[codes.indexOf("scheduled")] as string, "end", {});
    assert.equal(await codeOf(one.productId, "ada"), "drop_ended");
    await eventually(() => act(ids[codes.indexOf("product_in_other_drop")] as string, "schedule", {}));
    assert.equal(await codeOf(one.productId, "ada"), "accepted");
  });

  test("a drop that a check speaks against is scheduled with force and a reason alone", async () => {
    const unknown = await draft({ products: [{ productId: "no-such-lamp" }] });
    const forced = { force: true, reason: "we know" };
    for (const body of [{}, forced]) {
      const refused = await admin.post<Problem>(`/drops/${unknown.dropId}/schedule`, body);
      assert.equal(refused.body.code, "preflight_failed");
    }
    const { dropId, productId } = await draft({}, 0);
    // A part that takes more than two seconds to answer, as on a busy machine, counts as silent.
    const body = await eventually(async () => {
      const { body } = await admin.get<{ checks: Check[] }>(`/drops/${dropId}/preflight`);
      const statusOf = Object.fromEntries(body.checks.map(({ check, status }) => [check, status]));
      // Other tests of this file have orders on their way to the books, and products that differ for a moment.
      const { settlement, reconcile, ...certain } = statusOf;
      assert.ok(settlement && reconcile);
      assert.deepEqual(certain, {
        window: "warn",
        "time to pay": "ok",
        gatekeeper: "ok",
        [`product ${productId}`]: "warn",
        gate: "ok",
        services: "ok",
        "clock of the database": "ok",
        "clock of the gate": "ok",
        payment: "ok",
        mail: "warn",
      });
      return body;
    });
    for (const { status, says, mend } of body.checks) assert.equal(mend === undefined, status === "ok", says);
    assert.equal((await act(dropId, "schedule", forced)).phase, "sold_out");
  });

  test("DST: a wall time that clocks skip or show twice is refused, and says what to send", async () => {
    const body = {
      name: "Night",
      zone: "Europe/Berlin",
      products: [{ productId: "lamp" }],
      closesAt: "2030-01-01T00:00Z",
    };
    const detailOf = async (opensAt: string, zone = body.zone) =>
      (await admin.post<Problem>("/drops", { ...body, zone, opensAt })).body.detail ?? "";
    assert.match(await detailOf("2028-03-26T02:30"), /skip 2028-03-26T02:30/);
    assert.match(await detailOf("2028-10-29T02:30"), /2028-10-29T00:30:00.000Z or 2028-10-29T01:30:00.000Z/);
    const twice = await admin.post<{ instants: string[] }>("/drops", { ...body, opensAt: "2028-10-29T02:30" });
    assert.deepEqual(twice.body.instants, ["2028-10-29T00:30:00.000Z", "2028-10-29T01:30:00.000Z"]);
    assert.match(await detailOf("2028-10-29T02:30", "Mars/Olympus"), /not a time zone/);
    assert.match(await detailOf("2030-01-01T00:00Z"), /closes after it opens/);
  });

  test("a change of a drop that a crash left between the row and the gate is carried on", async () => {
    const { dropId, productId } = await scheduled({}, 50);
    // As a process leaves it that dies after its commit.
    const text = "update drops.drop set paused = true, version = nextval('drops.version') where drop_id = $1";
    await query(world.databaseUrl, text, [dropId]);
    await eventually(async () => (await codeOf(productId, `buyer ${randomHex(4)}`)) === "drop_paused");
  });

  test("a drop that lost its latest changes, which inventory has, is paused all the same", async () => {
    const { dropId, productId } = await scheduled();
    // As after a restore of the drops alone, to a moment from before ten changes.
    const ofProduct = (text: string) => query(world.databaseUrl, `${text} where product_id = $1`, [productId]);
    await ofProduct("update inventory.sale set version = version + 10");
    await setPaused(dropId, true);
    assert.equal(await codeOf(productId, "bob"), "drop_paused");
    assert.deepEqual((await ofProduct("select paused from inventory.sale")).rows, [{ paused: true }]);
  });

  test("a cancelled drop cancels its open orders and refunds the paid ones, once; orders of before the drop stay", async () => {
    const { dropId, productId } = await draft();
    const [before, open, paid] = [world.as("before"), world.as("open"), world.as("paid")];
    const stays = await world.place(before, productId);
    await eventually(() => act(dropId, "schedule", {}));
    const [opened, bought] = [await world.place(open, productId), await world.place(paid, productId)];
    await world.untilStatus(open, opened.orderId, "PAYMENT_PENDING");
    await world.untilStatus(paid, bought.orderId, "PAYMENT_PENDING");
    await payOrder(paid, bought.orderId, { cardNumber: "4242424242424242" });
    await world.untilStatus(paid, bought.orderId, "CONFIRMED");
    // Said before it is done: what was placed for the drop alone.
    const would = await admin.get(`/drops/${dropId}/cancellation`);
    assert.deepEqual(would.body, { orders: [{ currency: "EUR", open: 1, paid: 1, refund: 1_999 }] });
    for (let times = 0; times < 2; times += 1) {
      const cancelled = await admin.post<Drop>(`/drops/${dropId}/cancel`, { reason: "unsafe" });
      assert.deepEqual([cancelled.status, cancelled.body.phase], [200, "cancelled"]);
    }
    await world.untilStatus(open, opened.orderId, "CANCELLED");
    const refunded = await world.untilStatus(paid, bought.orderId, "REFUNDED");
    assert.equal(refunded.timeline.filter(({ status }) => status === "REFUNDED").length, 1);
    await eventually(async () => (await phaseAndFree(dropId)) === "cancelled 4");
    assert.deepEqual((await admin.get(`/drops/${dropId}/cancellation`)).body, { orders: [] });
    assert.equal(await codeOf(productId, "late"), "drop_ended");
    const kept = await before.get<{ status: string }>(`/orders/${stays.orderId}`);
    assert.notEqual(kept.body.status, "CANCELLED");
    const { body } = await world.anonymous.get<{ items: { what: string }[] }>(`/drops/${dropId}/changes`);
    assert.deepEqual(
      body.items.map(({ what }) => what),
      ["cancelled", "scheduled"],
    );
  });

  async function phaseAndFree(dropId: string): Promise<string> {
    const { body } = await world.anonymous.get<Drop>(`/drops/${dropId}/live`);
    return `${body.phase} ${body.products[0]?.free}`;
  }

  test("an opening, a sell-out and an end are announced once each, and a calendar has the drop", async () => {
    const { dropId, productId } = await scheduled({}, 0);
    const { body: calendar } = await world.anonymous.get<string>(`/drops/${dropId}/calendar.ics`);
    assert.match(String(calendar), new RegExp(`UID:${dropId}@${new URL(world.origin).host}\r`));
    const announced: string[] = [];
    const consumer = await world.system.faces.engines.log.consume({
      topic: "drop.events",
      group: `reader-${randomHex(4)}`,
      maxRecords: 100,
      async handle({ records }) {
        for (const { key, headers } of records) {
          if (key === dropId) announced.push(String(headers.ce_type).replace("dropgate.drop.", ""));
        }
      },
    });
    await eventually(() => announced.includes("sold-out"));
    assert.equal(await phaseOf(dropId), "sold_out");
    await act(dropId, "end", {});
    await eventually(() => announced.includes("ended"));
    await consumer.close();
    assert.deepEqual(announced, ["scheduled", "opened", "sold-out", "closed-early", "ended"]);
    assert.equal(await codeOf(productId, "ada"), "drop_ended");
  });
});

/** Of drand's chain, and with the usual freeze, half a minute before the opening. */
function assertAfterFreeze({ round, opensAt }: { round: number | null; opensAt: string }): void {
  assert.ok(round !== null);
  const beforeOpeningMs = Date.parse(opensAt) - timeOfRound(quicknet, round);
  assert.ok(beforeOpeningMs > 7_000 && beforeOpeningMs <= 10_000, `${beforeOpeningMs} ms before the opening`);
}
