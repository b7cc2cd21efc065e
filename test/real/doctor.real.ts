/** `dropgate doctor` on real servers: well, and with settings that break promises to buyers. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createClient } from "@redis/client";
import { createKafkaOperator } from "../../src/engines/log/kafka/operator.testing.ts";
import { serviceNames } from "../../src/service-names.ts";
import { binFolder } from "../servers/cache.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";

const run = promisify(execFile);

describe("dropgate doctor on real servers", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    // Behind a gateway, whose own health knows only which services answer.
    fleet = await openFleet({ members: { shop: serviceNames.join(",") } });
  });
  afterEach((context) => tellOutput(fleet, ["shop", "gateway"])(context));
  after(() => fleet?.close());

  /**
   * A part that does not answer its check within a second counts as down, also on a busy machine. Temporal knows a worker
   * from its first poll on.
   */
  const doctor = () =>
    eventually(async () => {
      const examined = await fleet.run("doctor");
      return !/no answer within \d+ ms|has no worker/.test(examined.output) && examined;
    });

  test("finds nothing at fault in a shop that is well, and says that one broker is few", async () => {
    const { output } = await doctor();
    assert.deepEqual(faultsIn(output), [], output);
    for (const [about, says] of [
      ["Redis", /version .* suits the gate/],
      ["Redis", /its clock is -?\d+ ms ahead/],
      ["topic orders\\.reservations", /8 partitions, kept for 7 days/],
      ["group order-processor-group", /has read orders\.reservations/],
      ["group webhook-group", /has read drop\.events/],
      ["group parcel-group", /has read orders\.events/],
      ["group order-processor-group\\.dead-letters-seen", /has read orders\.events\.dlq/],
      ["Temporal", /answers at .* namespace default/],
      ["task queue \\S+", /has one worker/],
    ] as const) {
      assert.match(output, new RegExp(`^ok +${about}: .*${says.source}`, "m"));
    }
    assert.match(output, /^warning +Kafka: one broker answers, so the loss of one may lose orders/m);
  });

  test("names a Redis that evicts, and a topic that forgets, or that has the senders' time, each with the command that mends it", async () => {
    const { host, port, password } = fleet.servers.redis;
    const redis = createClient({ password, socket: { host, port: Number(port), reconnectStrategy: false } });
    redis.on("error", () => {});
    await redis.connect();
    await redis.sendCommand(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    for (const [topic, change] of [
      ["orders.reservations", "retention.ms=3600000,cleanup.policy=compact"],
      ["orders.events", "message.timestamp.type=CreateTime"],
    ] as const) {
      const server = ["--bootstrap-server", fleet.servers.kafka.bootstrap];
      const of = ["--entity-type", "topics", "--entity-name", topic];
      await run(join(binFolder, "kafka-configs"), [...server, ...of, "--alter", "--add-config", change]);
    }
    try {
      const { code, output } = await doctor();
      assert.equal(code, 1, output);
      assert.match(output, /^fault +Redis: .*allkeys-lru.*noeviction/m);
      assert.match(
        output,
        /^fault +topic orders\.reservations: its cleanup\.policy is compact.*\n +mend: kafka-configs --bootstrap-server/m,
      );
      assert.match(
        output,
        /^warning +topic orders\.events: its records have the time of .*\n +mend: .*message\.timestamp\.type=LogAppendTime/m,
      );
      assert.match(output, /^ok +Temporal:/m, "one engine at fault hides none of the others");
      await mendAsPrinted(output, 2);
      // The shorter retention was hidden by the worse fault of its topic.
      const { output: next } = await doctor();
      await mendAsPrinted(next, 1);
      const { output: last } = await doctor();
      for (const topic of ["orders.reservations", "orders.events"]) {
        assert.ok(last.includes(`ok       topic ${topic}: 8 partitions, kept for 7 days`), last);
      }
    } finally {
      await redis.sendCommand(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
      redis.destroy();
    }
  });

  test("names records that were removed before a group of webhooks had read them, and what is then to be done", async () => {
    const { bootstrap } = fleet.servers.kafka;
    const [topic, group] = ["product.events", "slow-group"];
    const earliest = ["--topic", topic, "--reset-offsets", "--to-earliest", "--execute"];
    await run(join(binFolder, "kafka-consumer-groups"), [
      "--bootstrap-server",
      bootstrap,
      "--group",
      group,
      ...earliest,
    ]);
    await createKafkaOperator(() => bootstrap).deleteRecords(
      topic,
      new Map(Array.from({ length: 8 }, (_, partition) => [partition, -1n])),
    );
    const settings = { ...fleet.environment, GROUP_WEBHOOKS: group, PORT: new URL(fleet.origin).port };
    const doctor = runCommand(fleet.folder, ["doctor"], settings);
    assert.equal(await doctor.ended, 1, doctor.output);
    assert.match(
      doctor.output,
      /^fault +group slow-group: product\.events has lost \d+ records? that the group had not read\n +mend: start the service notification;/m,
    );
    assert.match(doctor.output, /^ok +group product-price-group: has read product\.events/m);
  });

  test("names a part of a service behind the gateway that is down: a gate whose Redis is full takes no order", async () => {
    const { host, port, password } = fleet.servers.redis;
    const redis = createClient({ password, socket: { host, port: Number(port), reconnectStrategy: false } });
    redis.on("error", () => {});
    await redis.connect();
    // The gate's health still has the Redis of the test before this one for a moment.
    await eventually(async () => !/stockGate/.test((await doctor()).output));
    await redis.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
    try {
      const { code, output } = await doctor();
      assert.equal(code, 1, output);
      assert.match(output, /^fault +running system, stockGate: .*OOM command not allowed/m);
    } finally {
      await redis.sendCommand(["CONFIG", "SET", "maxmemory", "0"]);
      redis.destroy();
    }
  });
});

/** Runs the printed commands in a shell, as an operator does who copies them. */
async function mendAsPrinted(output: string, count: number): Promise<void> {
  const commands = [...output.matchAll(/^ +mend: (kafka-configs .*)$/gm)].map(([, command]) => command as string);
  assert.equal(commands.length, count, output);
  const env = { ...process.env, PATH: `${binFolder}:${process.env.PATH}` };
  for (const command of commands) await run("sh", ["-c", command], { env });
}

/** The servers of the tests save their disk on purpose. */
function faultsIn(output: string): string[] {
  const onPurpose = /its (fsync|full_page_writes|synchronous_commit) is off/;
  return output.split("\n").filter((line) => line.startsWith("fault") && !onPurpose.test(line));
}
