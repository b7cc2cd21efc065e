/** All servers of one schedule, the processes of the product on them, and the answers that people got. */
import { inspect } from "node:util";
import type { EventLog } from "#engines/log";
import { type Fulfilment, startFulfilment, tellFailedAttempt } from "#fulfilment";
import { createInventory, type Inventory } from "#inventory";
import { createOrders, type Orders } from "#orders";
import { createPayment, type Payment } from "#payment";
import type { Log, LogFields } from "#platform/log";
import { startLoop } from "#platform/loop";
import type { Metrics } from "#platform/metrics";
import { createSharedClock } from "#platform/shared-clock";
import { type Bank, createBank } from "./bank.ts";
import { connectGate, createGateServer, type GateServer } from "./gate.ts";
import { createLineProcess, type LineProcess, type SimulatedLine } from "./line-process.ts";
import { connectLog } from "./log.ts";
import { createLogBroker, type LogBroker } from "./log-broker.ts";
import { createNetwork, type Network, type Process } from "./network.ts";
import type { Planted } from "./planted.ts";
import type { Random } from "./random.ts";
import { createInventoryTables, type InventoryTables, inventoryTwins } from "./sql/inventory.ts";
import { ledgerTwins } from "./sql/ledger.ts";
import { createOrderTables, type OrderTables, orderTwins } from "./sql/orders.ts";
import { createPaymentTables, type PaymentTables, paymentTwins } from "./sql/payment.ts";
import type { Recorder } from "./sql/record.ts";
import { createRoomTables, type RoomTables, roomTwins } from "./sql/room.ts";
import { saleTwins } from "./sql/sales.ts";
import { connect, type Server } from "./sql/sql.ts";
import { createStatements } from "./sql/statements.ts";
import { begin, end } from "./sql/tables.ts";
import type { Timeline } from "./timeline.ts";
import { createWorkflowServer, openWorkflows, resume, type WorkflowServer } from "./workflows.ts";

export const topics = { reservations: "orders.reservations", events: "orders.events", products: "product.events" };
export const paymentWindowMs = 12_000;

/** One copy of the whole product, as `npm start` runs it. */
export type Copy = {
  process: Process;
  inventory: Inventory;
  orders: Orders;
  payment: Payment;
  line: LineProcess;
  /** False until it has started: it serves no requests yet. */
  isUp: boolean;
};

export type World = {
  timeline: Timeline;
  random: Random;
  network: Network;
  books: { server: Server; tables: InventoryTables & OrderTables & PaymentTables & RoomTables };
  gate: GateServer;
  log: LogBroker;
  /** The topic of the catalog's events. */
  catalog: EventLog;
  workflows: WorkflowServer;
  bank: Bank;
  copies: Copy[];
  /** The events, for the reader of a failing schedule. */
  trace: string[];
  faults: Map<string, number>;
  /** Counts changes of all state that the laws read. */
  changes: number;
  planted: Planted | undefined;
  /** Its processes turn it from their start on. */
  line: SimulatedLine | undefined;
  /** How much longer than others this schedule may take. */
  extraMs: number;
  /** A statement without a twin: the simulation needs one. */
  unknown: string | undefined;
  startCopy(name: string): void;
  kill(copy: Copy): void;
  /** Some copy that serves. */
  anyCopy(): Copy | undefined;
  note(text: string): void;
  count(fault: string): void;
};

export type WorldOptions = {
  timeline: Timeline;
  random: Random;
  keepTrace: boolean;
  planted: Planted | undefined;
  record: Recorder | undefined;
};

const traceLength = 20_000;

export function createWorld({ timeline, random, keepTrace, planted, record }: WorldOptions): World {
  const trace: string[] = [];
  const faults = new Map<string, number>();
  const startedMs = timeline.now();

  function note(text: string): void {
    if (!keepTrace) return;
    trace.push(`${((timeline.now() - startedMs) / 1000).toFixed(3).padStart(8)} ${text}`);
    if (trace.length > traceLength) trace.shift();
  }

  function count(fault: string): void {
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    note(`*** ${fault}`);
  }

  const network = createNetwork({ timeline, random, note });
  const touch = () => {
    world.changes += 1;
  };
  const tables = {
    ...createInventoryTables(),
    ...createOrderTables(),
    ...createPaymentTables(),
    ...createRoomTables(),
  };
  const setUp = begin();
  tables.mode.put(setUp, "the mode", {
    mode: "gatekeeper",
    ready: true,
    version: 1,
    changedBy: "migration",
    changedAt: new Date(startedMs),
  });
  end(setUp, true);
  const twins = {
    ...inventoryTwins(tables, timeline.now, planted),
    ...ledgerTwins(tables),
    ...saleTwins(tables, timeline.now),
    ...orderTwins(tables, planted),
    ...paymentTwins(tables, planted),
    ...roomTwins(tables, planted),
  };
  const known = createStatements(twins);
  function statementOf(text: string) {
    try {
      return known(text);
    } catch (error) {
      world.unknown ??= (error as Error).message;
      throw error;
    }
  }
  const server: Server = {
    statementOf,
    onCommit: touch,
    isDown: false,
    away: new Set(),
    record,
    opening: { takesWrites: true, generation: 0 },
  };

  const logBroker = createLogBroker(planted);
  const catalog: Process = { name: "catalog", dead: false, onDeath: new Set(), skewMs: 0 };
  const world: World = {
    timeline,
    random,
    network,
    books: { server, tables },
    trace,
    faults,
    changes: 0,
    planted,
    line: undefined,
    extraMs: 0,
    unknown: undefined,
    note,
    count,
    gate: createGateServer(timeline.now, touch),
    log: logBroker,
    catalog: connectLog(logBroker, { timeline, random, network }, catalog),
    workflows: createWorkflowServer(),
    bank: createBank({
      timeline,
      random,
      planted,
      onMovement: touch,
      async deliver(body) {
        const copy = world.anyCopy();
        return copy ? (await copy.payment.receiveWebhook("bank", body, {})) === "accepted" : false;
      },
    }),
    copies: [],
    startCopy: (name) => void startCopy(world, name, planted),
    kill(copy) {
      count("a process dies");
      note(`*** it is ${copy.process.name}`);
      copy.process.dead = true;
      world.copies = world.copies.filter((one) => one !== copy);
      // Its servers notice it a little later, and hold its locks until then.
      timeline.after(random.next() * 200, () => {
        for (const rollBack of [...copy.process.onDeath]) rollBack();
      });
      timeline.after(random.next() * 1_000, () => resume(world.workflows, random));
    },
    anyCopy() {
      const up = world.copies.filter(({ isUp }) => isUp);
      return up.length > 0 ? random.pick(up) : undefined;
    },
  };
  return world;
}

async function startCopy(world: World, name: string, planted: Planted | undefined): Promise<void> {
  const { timeline, random, network, books, gate, log } = world;
  const skewMs = random.chance(0.3) ? random.between(-1_500, 1_500) : 0;
  const process: Process = { name, dead: false, onDeath: new Set(), skewMs };
  const machineMs = () => timeline.now() + process.skewMs;
  const sql = connect(books.server, network, process, planted);
  const clock = createSharedClock({
    machineMs,
    readMs: () =>
      network.call({
        process,
        says: "what time is it",
        effect: timeline.now,
        unanswered: () => new Error("the books did not say what time it is"),
      }),
    onStep: ({ clock, byMs }) => world.note(`${name}: the clock of ${clock} was set by ${byMs} ms`),
  });
  const now = planted === "deadlines-by-machine" ? machineMs : clock.nowMs;
  const wires = { timeline, random, network };
  const eventLog = connectLog(log, wires, process);
  const onFault = (what: string, error: unknown) => world.note(`${name}: ${what} failed: ${String(error)}`);
  const tell = (event: string, fields?: LogFields) => world.note(`${name}: ${event} ${inspect(fields)}`);
  const logger: Log = { debug() {}, info() {}, warn: tell, error: tell, isEnabled: () => false };
  const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, isEnabled: () => false };

  const inventory = createInventory({
    sql,
    gate: connectGate(gate, network, process, planted),
    log: eventLog,
    now,
    onFault,
    logger,
    onRepaired: (repairs) => repairs.map(({ reason, says }) => world.note(`${name}: repaired, ${reason}: ${says}`)),
    productEventsTopic: topics.products,
    priceGroup: "product-price-group",
  });
  const orders = createOrders({
    sql,
    reports: sql,
    log: eventLog,
    inventory,
    // No operator acts on many orders here.
    audit: { begin: async (act) => ({ ...act, seq: 0 }), end: async () => {} },
    topics,
    now,
    onFault,
    logger,
    metrics: noMetrics,
    paymentWindowMs,
    group: "order-processor-group",
    maxRecords: 4,
    maxWaiting: 1_000,
    gateIsRemote: true,
    moveAfterMs: oldAfterMs,
    crowd: 1,
  });
  let running: Fulfilment | undefined;
  const payment = createPayment({
    sql,
    provider: world.bank.connect(network, process),
    log: silent,
    now,
    async onAnnouncement(orderId, announcement, detail) {
      if (announcement === "authorized") running?.nudge(orderId);
      else await tellFailedAttempt(orders, orderId, announcement, detail);
    },
  });
  const line = createLineProcess({
    sql,
    inventory,
    log: eventLog,
    ordersTopic: topics.events,
    now,
    onFault,
    planted,
  });
  const copy: Copy = { process, inventory, orders, payment, line, isUp: false };
  world.copies.push(copy);
  try {
    await clock.look();
    startLoop({ everyMs: 2_000, work: clock.look, onFault: (error) => onFault("clock", error) });
    await orders.start();
    startLoop({ everyMs: 5_000, work: orders.past.move, onFault: (error) => onFault("moving old orders", error) });
    await inventory.agreement.start(orders.settlement);
    running = await startFulfilment({
      orders,
      payment,
      inventory,
      now,
      onFault,
      paymentGraceMs: 3_000,
      openWorkflows: async (story) => openWorkflows(world.workflows, wires, process, story),
    });
    if (world.line) await line.start(world.line);
    copy.isUp = true;
    world.note(`${name} is up`);
  } catch (error) {
    // As in operation: a process that cannot start ends, and its supervisor starts it again.
    world.note(`${name} cannot start: ${String(error)}`);
    world.kill(copy);
    timeline.after(1_000, () => world.startCopy(`${name}'`));
  }
}

/** Young enough that money and news still come for orders that have moved. */
const oldAfterMs = 20_000;

const cell = { inc() {}, observe() {}, with: () => cell };
const noMetrics = { counter: () => cell, histogram: () => cell, gauge() {}, gauges() {} } as unknown as Metrics;
