/** The gate as a server of its own: the real reducer behind a network. Its memory can be lost or be old. */
import { type Gate, type GateRecord, GateUnavailable, type ReserveAnswer, type ReserveRequest } from "#inventory";
import { retire } from "../../src/inventory/gate/keys.ts";
import {
  abort,
  adopt,
  apply,
  claimVoid,
  close,
  forget,
  install,
  mark,
  reserve,
} from "../../src/inventory/gate/reducer.ts";
import { contentsOf, type GateState, snapshotOf } from "../../src/inventory/gate/state.ts";
import { setOffer, setSale } from "../../src/inventory/gate/terms.ts";
import type { Sample, Taken } from "../laws/evidence.ts";
import type { Network, Process } from "./network.ts";
import type { Planted } from "./planted.ts";

export type GateServer = {
  state: GateState;
  /** False once the memory was lost, until a `close` begins a new life: the scripts of the old one are gone. */
  alive: boolean;
  isDown: boolean;
  closings: number;
  /** The result of the gate's own check: it then closes and is rebuilt, so no other check would see it. */
  drift: Sample | undefined;
  /** How often its memory was lost, or a part of it. */
  losses: number;
  /** Counts the operations on it. */
  changes: number;
  /** The gate's own clock. */
  nowMs(): number;
  /** The units that orders took, by the gate's clock. */
  taken: Taken[];
  onChange(): void;
};

export function createGateServer(nowMs: () => number, onChange: () => void): GateServer {
  const server: GateServer = {
    state: new Map(),
    alive: true,
    isDown: false,
    closings: 0,
    drift: undefined,
    losses: 0,
    changes: 0,
    nowMs,
    taken: [],
    onChange() {
      server.changes += 1;
      onChange();
    },
  };
  return server;
}

export function connectGate(
  server: GateServer,
  network: Network,
  process: Process,
  planted: Planted | undefined,
): Gate {
  function call<T>(says: string, work: (state: GateState) => T, ofLostMemory: T | "begins a new life"): Promise<T> {
    return network.call({
      process,
      says: `gate ${says}`,
      effect() {
        if (server.isDown) throw new GateUnavailable(says, new Error("down"));
        if (!server.alive && planted !== "eval-fallback") {
          if (ofLostMemory !== "begins a new life") return ofLostMemory as T;
          server.state = new Map();
        }
        if (ofLostMemory === "begins a new life") server.alive = true;
        const answer = work(server.state);
        server.onChange();
        return answer;
      },
      unanswered: () => new GateUnavailable(says, new Error("no answer")),
    });
  }

  function take(state: GateState, request: ReserveRequest): ReserveAnswer {
    const { productId, ignoresSale } = request;
    const atMs = server.nowMs();
    const answer = reserve(state, { ...request, ignoresSale: ignoresSale || planted === "sale-ignored" }, atMs);
    const lease = state.get(productId)?.soldOut;
    if (planted === "lease-unending" && lease) lease.untilMs = Number.POSITIVE_INFINITY;
    const product = state.get(productId);
    if (product && planted === "latch-open") product.latchedIn = null;
    if (product && answer.kind === "reserved" && !ignoresSale) {
      const hasPass = request.pass !== undefined;
      server.taken.push({ productId, atMs, left: product.sellable, hasPass, losses: server.losses });
    }
    return answer;
  }

  const recordsIn = (limit: number, isMeant: (record: GateRecord) => boolean) => (state: GateState) => {
    const found = [...state.values()].filter(({ parts }) => parts.has("ages"));
    const records = found.flatMap((product) => [...product.records.values()]);
    return records
      .filter(isMeant)
      .slice(0, planted === "no-sweeper" ? 0 : limit)
      .map((record) => ({ ...record }));
  };

  return {
    reserve: (requests) =>
      call(
        `reserve ${requests.map(({ userId, quantity }) => `${quantity} for ${userId || "an admin"}`).join(", ")}`,
        (state) => requests.map((request) => take(state, request)),
        requests.map((): ReserveAnswer => ({ kind: "refused", reason: "closed" })),
      ),
    mark: (refs) =>
      call(
        `mark ${refs.map(({ reservationNo }) => reservationNo).join()}`,
        (state) => refs.map((ref) => (planted === "mark-forgotten" ? "published" : mark(state, ref))),
        refs.map(() => "stale" as const),
      ),
    claimVoid: (ref) =>
      call(
        `claim void ${ref.reservationNo}`,
        (state) => {
          const record = state.get(ref.productId)?.records.get(ref.orderId);
          return planted === "void-unclaimed" && record?.state === "pending" ? "voiding" : claimVoid(state, ref);
        },
        "stale",
      ),
    abort: (ref) => call(`abort ${ref.reservationNo}`, (state) => abort(state, ref), "kept"),
    adopt: (productId, orderId, nowMs) =>
      call("adopt", (state) => adopt(state, productId, orderId, nowMs), { kind: "refused" }),
    apply: (row) =>
      call(
        `apply ${row.productId} ${row.seq}`,
        (state) => {
          const product = state.get(row.productId);
          if (planted === "no-seq-check" && product && row.kind === "change") product.applied = row.seq - 1;
          const answer = apply(state, row);
          if (answer.kind === "drifted") {
            const explanation = `the gate found it by itself at row ${row.seq}`;
            server.drift ??= { productId: row.productId, status: "CRITICAL", drift: answer.drift, explanation };
          }
          return answer;
        },
        { kind: "refused" },
      ),
    close: (productId, seenEpoch) =>
      call(
        `close ${productId}`,
        (state) => {
          server.closings += 1;
          const closing = `closing ${server.closings}`;
          return close(state, productId, closing, seenEpoch) === "open" ? "" : closing;
        },
        "begins a new life",
      ),
    install: (image, closing) =>
      call(
        `install ${image.productId} in epoch ${image.epoch}`,
        (state) => install(state, image, closing),
        closing === undefined ? "begins a new life" : "stale",
      ),
    setOffer: (productId, offer) =>
      call(`offer of ${productId}`, (state) => setOffer(state, productId, offer), undefined),
    setSale: (productId, sale) =>
      call(`sale of ${productId}, version ${sale.version}`, (state) => setSale(state, productId, sale), "absent"),
    retire: (productId, orderId, untilMs, nowMs) =>
      call(
        `retire ${orderId}`,
        (state) => {
          const answer = retire(state, productId, orderId, untilMs, nowMs);
          return planted === "retire-wins" && answer === "spent" ? "retired" : answer;
        },
        "closed",
      ),
    clockMs: async () => server.nowMs(),
    snapshot: (productIds) =>
      call(
        "snapshot",
        (state) =>
          (productIds ?? [...state.keys()]).flatMap((id) => {
            const product = state.get(id);
            return product ? [snapshotOf(id, product)] : [];
          }),
        [],
      ),
    recordsBefore: (beforeMs, limit) =>
      call(
        "old records",
        recordsIn(limit, ({ reservedAtMs }) => reservedAtMs < beforeMs),
        [],
      ),
    recordsAfter: (afterMs, limit) =>
      call(
        "records from the future",
        recordsIn(limit, ({ reservedAtMs }) => reservedAtMs > afterMs),
        [],
      ),
    records: (productId) =>
      call(
        `records of ${productId}`,
        (state) => Array.from(state.get(productId)?.records.values() ?? [], (record) => ({ ...record })),
        [],
      ),
    contents: (productId) =>
      call(
        `contents of ${productId}`,
        (state) => {
          const product = state.get(productId);
          return product && contentsOf(product);
        },
        undefined,
      ),
    record: (productId, orderId) =>
      call(
        "record",
        (state) => {
          const record = state.get(productId)?.records.get(orderId);
          return record && { ...record };
        },
        undefined,
      ),
    forget: (refs) =>
      call(
        "forget",
        (state) => {
          for (const ref of refs) forget(state, ref);
        },
        undefined,
      ),
    probe: () => call("probe", (state) => (state.size > 0 ? "ready" : "empty"), "empty"),
    async shutdown() {},
  };
}
