/**
 * The contract on a real server, which is a development server of its own: `node --test
 * src/engines/workflows/temporal/temporal.real.ts`. With TEMPORAL_ADDRESS the contract runs on the server there.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { Client, Connection } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import { type Servers, startServers } from "../../../../test/servers/servers.ts";
import { type ChildPlot, recordingStory } from "../contract/recording.testing.ts";
import type { Act, Plot } from "../contract/story.testing.ts";
import { end, until, workflowsContract } from "../contract/workflows.testing.ts";
import { stepPatience } from "../workflows.ts";
import { notedIn, openContractWorkflows } from "./temporal.child.ts";
import { requireTemporal } from "./temporal.ts";

workflowsContract("Temporal", async () => {
  const { TEMPORAL_ADDRESS } = process.env;
  const server = TEMPORAL_ADDRESS ? await useServer(TEMPORAL_ADDRESS) : await startServer();
  const { address, namespace } = server;
  return {
    open: (story) => openContractWorkflows({ address, namespace, taskQueue: "contract", story }),
    close: () => server.stopAll(),
  };
});

const farMs = 3_600_000;

describe("Temporal itself", { timeout: 900_000 }, () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let calls: string;
  before(async () => {
    server = await startServer();
    calls = join(server.folder, "calls");
    writeFileSync(calls, "");
  });
  after(() => server.stopAll());

  /** Each test has a queue of its own, so that a child of one takes no tasks of another. */
  async function open(t: TestContext, taskQueue: string, hangsAt?: string) {
    const story = recordingStory(notedIn(calls), "parent", hangsAt);
    const { address } = server;
    const workflows = await openContractWorkflows({ address, taskQueue, story });
    t.after(() => workflows.close());
    return workflows;
  }

  const plan = (run: string, acts: Act[]): Plot => ({ run, acts, untilMs: Date.now() + farMs });
  const ask = (run: string, acts: Act[], waitMs = farMs): ChildPlot => ({ run, acts, waitMs });

  function startChild(t: TestContext, taskQueue: string, plot: ChildPlot, hangsAt = ""): ChildProcess {
    const file = join(import.meta.dirname, "temporal.child.ts");
    const args = [file, server.address, taskQueue, calls, JSON.stringify(plot), hangsAt];
    const child = spawn(process.execPath, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
    t.after(() => child.kill("SIGKILL"));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  function callsOf(run: string): string[] {
    const lines = readFileSync(calls, "utf8").split("\n");
    return lines.filter((line) => line.startsWith(`${run}: `)).map((line) => line.slice(run.length + 2));
  }

  const untilCalled = (run: string, call: string) => until(() => callsOf(run).includes(call));
  const untilWaiting = (run: string) => until(() => server.hasTimer(run));

  /** From the moment at which a child begins its run until this process has seen that it waits. */
  let beginMs = 0;

  test("a run whose process was killed in the middle of a step continues from its last wait", async (t) => {
    const child = startChild(t, "cut", ask("cut", ["first", "wait", "third", "second"]), "second");
    await once(child, "message");
    const begunMs = performance.now();
    await untilWaiting("cut");
    beginMs = Math.ceil(performance.now() - begunMs);
    await server.nudge("cut");
    await untilCalled("cut", "second by child");
    await kill(child);
    const workflows = await open(t, "cut");
    assert.equal(await end(workflows, "cut"), "first by child, nudged, third by parent, second by parent");
    const told = ["first by child", "third by child", "second by child", "third by parent", "second by parent"];
    assert.deepEqual(callsOf("cut"), told);
  });

  test("a run whose process was killed while it waited waits on, until the deadline it had", async (t) => {
    // The child must be dead before, on a busy machine too.
    const plot = ask("asleep", ["first", "wait", "second"], 8_000 + 5 * beginMs);
    const child = startChild(t, "asleep", plot);
    const deadline = once(child, "message").then(([untilMs]) => untilMs as number);
    await untilWaiting("asleep");
    await kill(child);
    const workflows = await open(t, "asleep");
    assert.equal(await end(workflows, "asleep"), "first by child, deadline, second by parent");
    assert.ok(Date.now() >= (await deadline), "it did not wait for its deadline");
  });

  test("two processes share a queue, and one continues the runs of the other when that one dies", async (t) => {
    const child = startChild(t, "shared", ask("of the child", ["first", "wait", "second"]));
    await untilWaiting("of the child");
    const workflows = await open(t, "shared");
    const runs = Array.from({ length: 40 }, (_, i) => `shared ${i}`);
    await Promise.all(runs.map((run) => workflows.start(run, plan(run, ["first", "wait", "second"]))));
    await until(() => runs.every((run) => callsOf(run).length > 0));
    await kill(child);
    for (const run of ["of the child", ...runs]) await workflows.nudge(run);
    for (const run of runs) assert.match(await end(workflows, run), /^first by \w+, nudged, second by parent$/);
    assert.equal(await end(workflows, "of the child"), "first by child, nudged, second by parent");
  });

  test("runs survive a restart of the server, and their worker connects again by itself", async (t) => {
    const workflows = await open(t, "outlive");
    const deadline = { ...plan("through the night", ["first", "wait", "second"]), untilMs: Date.now() + 6_000 };
    await workflows.start("through the night", deadline);
    await workflows.start("to be woken", plan("to be woken", ["first", "wait", "second"]));
    await untilWaiting("through the night");
    await untilWaiting("to be woken");
    await server.kill();
    const begun = performance.now();
    await workflows.nudge("to be woken");
    assert.ok(performance.now() - begun < 5_000, "a nudge delayed its caller");
    await assert.rejects(workflows.start("too early", plan("too early", ["first"])), /start run too early/);
    await server.start();
    await workflows.nudge("to be woken");
    assert.equal(await end(workflows, "to be woken"), "first by parent, nudged, second by parent");
    assert.equal(await end(workflows, "through the night"), "first by parent, deadline, second by parent");
    await workflows.start("too early", plan("too early", ["first"]));
    assert.equal(await end(workflows, "too early"), "first by parent");
  });

  test("a step that hangs does not keep the workflows from closing, and the next process tries it", async (t) => {
    const workflows = await open(t, "hanging", "second");
    await workflows.start("hanging", plan("hanging", ["first", "second"]));
    await untilCalled("hanging", "second by parent");
    const begun = performance.now();
    await workflows.close();
    assert.ok(performance.now() - begun < stepPatience.attemptTimeoutMs, "it waited for the step");
    const next = await open(t, "hanging");
    assert.equal(await end(next, "hanging"), "first by parent, second by parent");
  });

  test("a missing server is reported within five seconds, with the setting to look at", async (t) => {
    const mute = createServer((socket) => t.after(() => socket.destroy()));
    await once(mute.listen(0, "127.0.0.1"), "listening");
    t.after(() => mute.close());
    for (const port of [1, (mute.address() as AddressInfo).port]) {
      const story = recordingStory(notedIn(calls), "parent");
      const address = `127.0.0.1:${port}`;
      const begun = performance.now();
      const opening = openContractWorkflows({ address, taskQueue: "none", story });
      await assert.rejects(opening, /TEMPORAL_ADDRESS/);
      assert.ok(performance.now() - begun < 6_000, "it took too long");
    }
  });

  test("a missing namespace is reported", async () => {
    const { address } = server;
    const story = recordingStory(notedIn(calls), "parent");
    const namespace = "nowhere";
    await assert.rejects(
      openContractWorkflows({ address, namespace, taskQueue: "none", story }),
      /nowhere.*TEMPORAL_NAMESPACE/,
    );
    // A process asks so before it joins any consumer group.
    const shop = { id: "one", name: "", database: "books" };
    const place = { address, taskQueue: "none", shop };
    await assert.rejects(requireTemporal({ ...place, namespace }), /nowhere.*TEMPORAL_NAMESPACE/);
    await requireTemporal({ ...place, namespace: server.namespace });
    const other = { ...place, namespace: server.namespace, shop: { ...shop, id: "another" } };
    await assert.rejects(
      requireTemporal(other),
      /task queue none belongs to another shop.* temporal --address 127\.0\.0\.1:\d+ --namespace \S+ workflow terminate --workflow-id dropgate-shop:none$/,
    );
  });
});

async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-temporal-"));
  const servers: Servers<"temporal"> = await startServers({ folder, which: ["temporal"] });
  const { address } = servers.temporal;
  const connection = Connection.lazy({ address });
  const { workflow } = new Client({ connection });
  return {
    folder,
    address,
    namespace: "default",
    start: () => servers.temporal.start(),
    kill: () => servers.temporal.kill(),
    async hasTimer(run: string): Promise<boolean> {
      // The run may not be started yet.
      const history = await workflow
        .getHandle(run)
        .fetchHistory()
        .catch(() => undefined);
      return history?.events?.some((event) => event.timerStartedEventAttributes) ?? false;
    },
    nudge: (run: string) => workflow.getHandle(run).signal("nudge"),
    async stopAll() {
      await connection.close();
      await servers.stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The ids of runs belong to the namespace, and a server that is kept has those of the last time, so each test run makes
 * a new namespace.
 */
async function useServer(address: string) {
  const namespace = `dropgate-${Date.now()}`;
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs("1 day") });
  await until(() => knowsOf(connection, namespace));
  return { address, namespace, stopAll: () => connection.close() };
}

/** The parts of a server learn of a new namespace one after another. */
function knowsOf(connection: Connection, namespace: string): Promise<boolean> {
  const counted = connection.workflowService.countWorkflowExecutions({ namespace });
  return counted.then(
    () => true,
    () => false,
  );
}
