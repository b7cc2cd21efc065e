import assert from "node:assert/strict";
import { test } from "node:test";
import type { Faces } from "./assemble.ts";
import { serviceNames } from "./service-names.ts";
import { type Service, services, startServices } from "./services.ts";

test("each service has its name among those that the command line lists, in the same order", () => {
  assert.deepEqual(
    services.map(({ name }) => name),
    serviceNames,
  );
});

test("a server that a service needs and that is not there is told before any service starts", async () => {
  const seen: string[] = [];
  const first: Service = {
    name: "settlement",
    async start() {
      seen.push("joined its group");
      return { async stop() {} };
    },
  };
  const last: Service = {
    name: "fulfilment",
    async requireServers() {
      throw new Error("no such namespace");
    },
  };
  await assert.rejects(startServices([first, last], {} as Faces), /no such namespace/);
  assert.deepEqual(seen, []);
});
