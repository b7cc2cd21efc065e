/** Runs the naive order on a workflow engine, as the engine's own first example shows it. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { DBOS } from "@dbos-inc/dbos-sdk";
import { Client, Connection } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { type NaiveSteps, stepNames } from "./steps.ts";

export type NaiveEngine = {
  /** Resolves when the order's workflow has ended. */
  order(): Promise<void>;
  /** Resolves when the order's workflow has begun. */
  begin(orderId: string): Promise<void>;
  close(): Promise<void>;
};

/** In a database of its own, which it makes beside that of the system. */
export async function openOnDbos(url: string, steps: NaiveSteps): Promise<NaiveEngine> {
  const tell = DBOS.registerWorkflow(
    async (orderId: string) => {
      for (const name of stepNames) await DBOS.runStep(() => steps[name](orderId), { name });
    },
    { name: "naiveOrder" },
  );
  const own = new URL(url);
  own.pathname = "/naive_runs";
  DBOS.setConfig({ name: "naive", systemDatabaseUrl: own.href, logLevel: "error" });
  await DBOS.launch();
  return {
    async order() {
      const id = randomUUID();
      const run = await DBOS.startWorkflow(tell, { workflowID: id })(id);
      await run.getResult();
    },
    async begin(orderId) {
      await DBOS.startWorkflow(tell, { workflowID: orderId })(orderId);
    },
    close: () => DBOS.shutdown(),
  };
}

const taskQueue = "naive";

export async function openOnTemporal(address: string, steps: NaiveSteps): Promise<NaiveEngine> {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowsPath: fileURLToPath(new URL("./story.workflow.ts", import.meta.url)),
    activities: steps,
  });
  const running = worker.run();
  const { workflow } = new Client({ connection });
  const begin = (id: string) => workflow.start("naiveOrder", { workflowId: id, taskQueue, args: [id] });
  return {
    async order() {
      await (await begin(randomUUID())).result();
    },
    async begin(orderId) {
      await begin(orderId);
    },
    async close() {
      worker.shutdown();
      await running;
      await Promise.all([connection.close(), native.close()]);
    },
  };
}
