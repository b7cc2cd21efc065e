/**
 * Opens the gate on Redis ≥ 7.0: the reducer's commands as Lua scripts, one call for all orders of a product, the calls
 * of all products in one round trip. `shared.lua` describes the layout, `engines/redis/lives.ts` how a Redis that lost
 * its memory stays closed, docs/adr/0010-redis-client.md why there is one connection and no pool.
 */
import { createLives, ErrorReply, type NonceStore, type RedisEngine, type Reply } from "#engines/redis";
import type { Shop } from "#engines/shop";
import type { Log } from "#platform/log";
import type { ClaimVoidAnswer, Gate, MarkAnswer, ReservationRef, RetireAnswer } from "../gate.ts";
import { createCalls, noProduct, type ProductCall } from "./calls.ts";
import { createClose } from "./closings.ts";
import {
  adoptAnswer,
  applyAnswer,
  applyArguments,
  contentsFrom,
  recordsFrom,
  refArguments,
  reserveAnswers,
  reserveArguments,
  timeFrom,
} from "./codec.ts";
import { gatePurpose, refusalOf } from "./demands.ts";
import { createEpochs } from "./epochs.ts";
import { answersInOrder, groupByProduct } from "./groups.ts";
import { installCalls, snapshotFrom } from "./images.ts";
import { claimGate, keysOf } from "./keys.ts";
import { createProductList } from "./products.ts";
import { createRecordFinder } from "./records.ts";
import { gateScripts, type ScriptName } from "./scripts.ts";
import { offerArguments, saleText } from "./terms.ts";
import { answerOf, failedOnData, translated, translating } from "./translated.ts";

export type RedisGateOptions = {
  redis: RedisEngine;
  /** The shop that owns the gate. */
  shop: Shop;
  nonces: NonceStore;
  /**
   * Replaces the engine's `timeoutMs` for `reserve`: a buyer waits for it, and the sweeper undoes it if it ran anyway.
   */
  reserveTimeoutMs?: number;
  /** The shop works without the gate at the moment: Redis need not answer. */
  mayBeAway?: boolean;
  /** Stands in for Redis' own clock. Tests move it to the millisecond at which a drop opens. */
  clock?(): number;
  log: Log;
};

/** @throws Error that names the setting, within 5 s, if this Redis cannot hold the gate, unless it may be away. */
export async function openRedisGate(options: RedisGateOptions): Promise<Gate> {
  const { shop, nonces, log, clock } = options;
  const { timeoutMs } = options.redis;
  const keys = keysOf(shop);
  const reserveTimeoutMs = options.reserveTimeoutMs ?? Math.min(250, timeoutMs);
  const lives = createLives({ nonces, scripts: gateScripts, timeoutMs });
  const onUnknownLife = (error: unknown) => log.debug("the gate's life is not known", { reason: String(error) });
  const looks: unknown[] = [];
  let isOpen = false;
  let cli = "redis-cli";
  const redis = await options.redis.open({
    mayBeAway: options.mayBeAway,
    purpose: gatePurpose,
    refusalOf,
    admit(ask, toIt) {
      cli = toIt;
      return claimGate(ask, shop, cli);
    },
    onConnected(connection) {
      const looked = lives.find(connection).catch(onUnknownLife);
      if (!isOpen) looks.push(looked);
    },
  });
  isOpen = true;
  const calls = createCalls({ redis, lives, keys, timeoutMs, onUnknownLife });
  const list = createProductList({ redis, keys, shop, timeoutMs, cli: () => cli });
  const close = createClose({ calls, list });
  const finder = createRecordFinder({ redis, calls, keys, timeoutMs, close, log });
  const epochs = createEpochs();
  if (redis.isCluster) await Promise.all(looks);
  else if (!options.mayBeAway) await translating("life", () => lives.find(redis.connection("life", keys.products)));

  async function run(script: ScriptName, productId: string, args: readonly string[]): Promise<Reply> {
    const [reply] = await calls.run(script, [{ script, productId, args }]);
    return answerOf(script, reply);
  }

  const runFor = (script: ScriptName, refs: readonly ReservationRef[]): ProductCall => ({
    script,
    productId: refs[0]?.productId ?? "",
    args: refs.flatMap(refArguments),
  });

  /** If a script fails on a product's data, it counts as not loaded: the next rebuild replaces all its data. */
  function isDamaged(reply: Reply, { script, productId }: ProductCall): boolean {
    if (!(reply instanceof ErrorReply)) return false;
    log.error("Redis refused a command of the gate", { script, productId }, reply);
    return true;
  }

  return translated({
    async reserve(requests) {
      const groups = groupByProduct(requests);
      const all = groups.map(
        ({ productId, items }): ProductCall => ({
          script: "reserve",
          productId,
          args: [clock ? String(clock()) : "", ...items.flatMap(reserveArguments)],
        }),
      );
      const replies = await calls.runNow("reserve", all, reserveTimeoutMs);
      // Only now: callers may order products that do not exist, and the finder stores every product that it gets.
      finder.taking(groups.flatMap(({ productId }, i) => (Array.isArray(replies[i]) ? [productId] : [])));
      return answersInOrder(groups, ({ productId, items }, i) => {
        const reply = replies[i];
        if (reply === undefined || isDamaged(reply, all[i] as ProductCall)) return reserveAnswers(items, "closed");
        if (!Array.isArray(reply)) return reserveAnswers(items, reply);
        const epoch = Number(reply[0]);
        epochs.met(productId, epoch);
        return reserveAnswers(items, epochs.isPast(productId, epoch) ? "closed" : reply);
      });
    },

    async mark(refs) {
      const groups = groupByProduct(refs);
      const all = groups.map(({ items }) => runFor("mark", items));
      const replies = await calls.run("mark", all);
      return answersInOrder(groups, ({ items }, i): MarkAnswer[] => {
        const isStale = replies[i] === undefined || isDamaged(replies[i], all[i] as ProductCall);
        return items.map(({ productId, epoch }, at) =>
          isStale || epochs.isPast(productId, epoch) ? "stale" : (replies[i] as MarkAnswer[])[at],
        ) as MarkAnswer[];
      });
    },

    async claimVoid(ref) {
      const call = runFor("claim-void", [ref]);
      const [reply = "stale"] = await calls.run("claim-void", [call]);
      return isDamaged(reply, call) ? "stale" : (reply as ClaimVoidAnswer);
    },

    async abort(ref) {
      return (await run("abort", ref.productId, refArguments(ref))) === "aborted" ? "aborted" : "kept";
    },

    async adopt(productId, orderId, nowMs) {
      const answer = adoptAnswer(productId, orderId, await run("adopt", productId, [orderId, String(nowMs)]));
      if (answer.kind === "adopted") finder.taking([productId]);
      return answer;
    },

    async apply(row) {
      const call: ProductCall = { script: "apply", productId: row.productId, args: applyArguments(row) };
      const [reply] = await calls.run("apply", [call]);
      if (!(failedOnData(reply) && isDamaged(reply, call))) return applyAnswer(answerOf("apply", reply) ?? "refused");
      await close(row.productId, row.epoch); // Its later rows wait behind this one, unless it is loaded again.
      return { kind: "refused" };
    },

    close,

    async install(image, closing) {
      const { productId } = image;
      const [first, ...rest] = installCalls(image, closing ?? "");
      const install: ProductCall = { script: "install", productId, args: first?.args ?? [] };
      const begin = async () => answerOf("install", (await calls.begin("install", productId, () => install)).reply);
      await list.add(productId);
      let reply = await (closing === undefined ? begin() : run("install", productId, install.args));
      for (const { script, args } of rest) if (reply === "loading") reply = await run(script, productId, args);
      if (reply === "open") epochs.met(productId, image.epoch);
      return reply === "open" ? "open" : "stale";
    },

    async setOffer(productId, offer) {
      await run("set-offer", productId, offerArguments(offer));
    },

    async setSale(productId, sale) {
      return (await run("set-sale", productId, [saleText(sale)])) === "set" ? "set" : "absent";
    },

    async retire(productId, orderId, untilMs, nowMs) {
      const answer = await run("retire", productId, [orderId, String(untilMs), String(nowMs)]);
      return (answer as RetireAnswer | undefined) ?? "closed";
    },

    async snapshot(productIds) {
      const ids = productIds ?? (await list.all());
      const all = ids.map((productId): ProductCall => ({ script: "snapshot", productId, args: [] }));
      const replies = await calls.run("snapshot", all);
      const snapshots = all.flatMap((call, i) => {
        const isLoaded = replies[i] && !isDamaged(replies[i], call);
        return isLoaded ? snapshotFrom(call.productId, replies[i]) : [];
      });
      for (const { productId, epoch } of snapshots) epochs.met(productId, epoch);
      // So that records are found even if the set of all products is lost.
      finder.taking(snapshots.flatMap(({ productId, oldestMs }) => (oldestMs === null ? [] : [productId])));
      return snapshots;
    },

    recordsBefore: finder.before,
    recordsAfter: finder.after,

    async records(productId) {
      const call: ProductCall = { script: "records", productId, args: ["all"] };
      const [reply] = await calls.run("records", [call]);
      // Nothing can be marked there either, so the rebuild that asks misses nothing.
      const isWrongType = reply instanceof ErrorReply && reply.message.startsWith("WRONGTYPE");
      if (isWrongType && isDamaged(reply, call)) return [];
      const records = recordsFrom(productId, answerOf("records", reply));
      return records.toSorted((a, b) => a.reservedAtMs - b.reservedAtMs || a.reservationNo - b.reservationNo);
    },

    async contents(productId) {
      const call: ProductCall = { script: "contents", productId, args: [] };
      const [reply] = await calls.run("contents", [call]);
      return reply && !isDamaged(reply, call) ? contentsFrom(productId, reply) : undefined;
    },

    async record(productId, orderId) {
      return recordsFrom(productId, await run("records", productId, ["one", orderId]))[0];
    },

    async clockMs() {
      if (clock) return clock();
      const connection = redis.connection("time", keys.products);
      const [reply] = await connection.send("time", [["TIME"]], timeoutMs);
      return timeFrom(answerOf("time", reply));
    },

    async forget(refs) {
      const all = groupByProduct(refs).map(({ items }) => runFor("forget", items));
      const replies = await calls.run("forget", all);
      for (const [i, call] of all.entries()) isDamaged(replies[i], call);
    },

    /** A cluster is ready if one of its nodes is: the products of the others are closed one by one. */
    async probe() {
      const products = redis.tags(noProduct).map((tag) => noProduct + tag);
      const all = products.map((productId): ProductCall => ({ script: "probe", productId, args: [] }));
      const replies = await calls.run("probe", all);
      if (replies.includes("ready")) return "ready";
      for (const reply of replies) answerOf("probe", reply);
      return "empty";
    },

    shutdown: async () => redis.close(),
  });
}
