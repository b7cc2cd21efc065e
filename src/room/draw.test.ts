/** The draw of a line, on a database, held to the check that outsiders run. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Beacons, Round } from "#engines/beacon";
import type { Queryable } from "#engines/sql";
import { createTree, type Evidence, type Kept, verify } from "#fairness";
import { createOwnBeacon } from "../engines/beacon/own.ts";
import { tools } from "../fairness/line.testing.ts";
import { createSigning } from "../identity/tokens/signing.ts";
import { createDraws } from "./draw.ts";
import { createPublished } from "./published.ts";
import { type LineStage, openLineStage } from "./room.testing.ts";
import { createTrees, readTickets, sha256 } from "./roster.ts";

const secret = "a secret for tests that has more than 32 bytes";

describe("the draw of a line", () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  /** The drop opens in a minute: the roster is frozen in 30 s, its round comes in about 50 s. */
  function upcoming({ beaconIsAway = false } = {}) {
    const line = stage.newLine({ opensAt: new Date(Date.now() + 60_000) });
    const own = createOwnBeacon({ secret, now: line.now });
    const read = async (round: number): Promise<Round | undefined> => (beaconIsAway ? undefined : own.read(round));
    const beacons: Beacons = { own: { ...own, read }, drand: undefined };
    const oneProcess = () => {
      const trees = createTrees();
      const draws = createDraws({ sql: stage.sql, beacons, trees, now: line.now, onQueued() {} });
      const signing = createSigning(secret);
      const { chainOf } = draws;
      // No unit was ordered.
      const books = { orderedUnits: async () => 0, now: line.now };
      return { ...draws, ...createPublished({ sql: stage.sql, signing, trees, chainOf, ...books }), signing };
    };
    const first = oneProcess();
    const join = (count: number, name = "person") =>
      Promise.all(Array.from({ length: count }, (_, i) => line.join(`${name}-${i + 1}`)));

    async function evidence(kept: readonly Kept[] = []): Promise<Evidence> {
      const words = async (text: Promise<string>) => (await text).split("\n").filter(Boolean);
      return {
        record: await first.record(line.drop),
        shopKey: first.signing.publicKey,
        roster: await words(first.roster(line.dropId)),
        heads: (await words(first.heads(line.dropId))).map((text) => {
          const [size, root = "", atMs, signature = ""] = text.split(" ");
          return { size: Number(size), root, atMs: Number(atMs), signature };
        }),
        calls: [],
        served: [],
        kept,
      };
    }
    return { ...line, ...first, other: oneProcess(), joinAll: join, evidence };
  }

  const outcomes = (found: Evidence) => verify(found, tools).filter(({ outcome }) => outcome === "fails");

  test("freezes the roster before its round is known, draws it by the round, and holds before the check of outsiders", async () => {
    const line = upcoming();
    await line.joinAll(40);
    await line.goOn(line.drop);
    assert.equal((await line.record(line.drop)).root, null, "the roster is open");
    line.wait(31);
    await Promise.all([line.goOn(line.drop), line.other.goOn(line.drop)]);
    const { root, draw } = await line.record(line.drop);
    assert.deepEqual([root?.size, draw], [40, null]);
    await line.joinAll(5, "late");
    line.wait(25);
    await Promise.all([line.goOn(line.drop), line.other.goOn(line.drop)]);
    const { places, checks } = await drawn(line);
    assert.deepEqual(
      places.slice(0, 40).toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    assert.notDeepEqual(
      places.slice(0, 40),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    assert.deepEqual(places.slice(40), [41, 42, 43, 44, 45]);
    assert.deepEqual(checks, []);
  });

  async function drawn(line: ReturnType<typeof upcoming>) {
    const names = [
      ...Array.from({ length: 40 }, (_, i) => `person-${i + 1}`),
      ...Array.from({ length: 5 }, (_, i) => `late-${i + 1}`),
    ];
    const told = await Promise.all(names.map((name) => line.placeOf(name)));
    return { places: told.map((place) => place?.place ?? 0), checks: outcomes(await line.evidence()) };
  }

  test("a person who joins while the roster is frozen is in it, or behind it, and never both", async () => {
    const line = upcoming();
    await line.joinAll(20);
    line.wait(31);
    await Promise.all([line.joinAll(20, "late"), line.goOn(line.drop)]);
    const { root } = await line.record(line.drop);
    assert.ok(root && root.size >= 20 && root.size <= 40);
    await line.goOn(line.drop);
    assert.equal((await line.record(line.drop)).root?.size, root.size);
    assert.deepEqual(outcomes(await line.evidence()), []);
  });

  test("a line that no one joined before its freeze has its order at once, by arrival, without a beacon", async () => {
    const line = upcoming({ beaconIsAway: true });
    line.wait(31);
    await Promise.all([line.joinAll(10), line.goOn(line.drop)]);
    for (const pass of [line, line.other]) await pass.goOn(line.drop);
    line.wait(1);
    await line.joinAll(2, "late");
    await line.goOn(line.drop);
    assert.equal((await line.placeOf("late-2"))?.place, 12);
    const found = await line.evidence();
    assert.deepEqual([found.record.root, found.record.draw?.order, found.heads.length], [null, "arrival", 2]);
    assert.deepEqual(outcomes(found), []);
    assert.deepEqual(await line.endWait(line.drop, "no"), { ok: false, reason: "no_draw" });
    assert.deepEqual(await line.events(), [], "nothing was frozen or drawn");
    line.wait(30);
    assert.equal((await line.turn()).turned, true);
    assert.equal(await line.called(), 10);
  });

  test("a person who joins by a clock that is behind the one that froze the line joined after the freeze, and so say receipt and heads", async () => {
    for (const early of [0, 3]) {
      const line = upcoming();
      await line.joinAll(early);
      line.wait(31);
      if (early === 0) await line.join("first");
      await line.goOn(line.drop);
      line.wait(-2);
      await line.joinAll(2, "behind");
      await line.goOn(line.drop);
      line.wait(60);
      await line.goOn(line.drop);
      const place = await line.placeOf("behind-2");
      assert.ok(place && place.joinedAt.getTime() >= line.drop.opensAt.getTime() - 30_000);
      assert.deepEqual(outcomes(await line.evidence()), []);
    }
  });

  test("a root that is late for the promised round takes a later one, and says both", async () => {
    const line = upcoming();
    await line.joinAll(3);
    line.wait(55);
    await line.goOn(line.drop);
    const { root, promisedRound } = await line.record(line.drop);
    assert.ok(root && root.round > promisedRound && root.promisedRound === promisedRound);
    line.wait(12);
    await line.goOn(line.drop);
    assert.equal((await line.record(line.drop)).draw?.order, "beacon");
    assert.deepEqual(outcomes(await line.evidence()), []);
  });

  test("a beacon that does not answer is waited for; after two minutes an ADMIN may end the wait, and all see why", async () => {
    const line = upcoming({ beaconIsAway: true });
    await line.joinAll(3);
    assert.deepEqual(await line.endWait(line.drop, "no"), { ok: false, reason: "no_draw" });
    line.wait(31);
    await line.goOn(line.drop);
    line.wait(60);
    await line.goOn(line.drop);
    assert.equal((await line.record(line.drop)).draw, null);
    const early = await line.endWait(line.drop, "it is late");
    assert.equal(!early.ok && early.reason, "too_early");
    line.wait(120);
    assert.deepEqual(await line.endWait(line.drop, "it is late"), { ok: true });
    const again = await line.endWait(line.drop, "it is late");
    assert.equal(!again.ok && again.reason, "already_drawn");
    const { draw } = await line.record(line.drop);
    assert.equal(draw?.order === "arrival" && draw.reason, "it is late");
    assert.equal((await line.placeOf("person-2"))?.place, 2);
    assert.deepEqual(outcomes(await line.evidence()), []);
  });

  test("a large roster is read once for all who ask for its tree at the same moment, page by page", async () => {
    const { dropId } = stage.newLine();
    const size = 12_000;
    await stage.sql.query("insert into room.room (drop_id, mode, last_seq) values ($1, 'line', $2)", [dropId, size]);
    await stage.sql.query(
      `insert into room.place (drop_id, seq, user_id, ticket, joined_at)
       select $1, i, 'person ' || i, decode(md5(i::text), 'hex'), now() from generate_series(1, $2::bigint) i`,
      [dropId, size],
    );
    const pages: number[] = [];
    const counting: Queryable = {
      async query(text, values) {
        const rows = await stage.sql.query(text, values);
        pages.push(rows.length);
        return rows as never;
      },
    };
    const trees = createTrees();
    const found = await Promise.all([size, 7_000, size, size].map((upTo) => trees.of(counting, dropId, upTo)));
    assert.deepEqual(pages, [5_000, 5_000, 2_000]);
    const tree = createTree(sha256);
    for (const ticket of await readTickets(stage.sql, dropId, 0, size)) tree.append(ticket);
    for (const one of found) assert.deepEqual(one.root(size), tree.root(size));
  });

  test("signs the roster while it grows, and proves that it only grew", async () => {
    const line = upcoming();
    for (const name of ["a", "b", "c"]) {
      await line.joinAll(4, name);
      await line.goOn(line.drop);
      line.wait(1);
    }
    const { heads, roster } = await line.evidence();
    assert.deepEqual(
      heads.map(({ size }) => size),
      [12, 8, 4],
    );
    assert.equal(roster.length, 12);
    assert.ok((await line.consistency(line.dropId, 4, 12))?.length);
    assert.equal(await line.consistency(line.dropId, 4, 13), undefined);
    assert.deepEqual(outcomes(await line.evidence()), []);
  });
});
