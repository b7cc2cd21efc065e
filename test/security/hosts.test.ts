/** DNS rebinding: a foreign page makes its own name lead to 127.0.0.1, so a browser sends requests here in its name. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Problem } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { ask } from "./raw-http.ts";

describe("on the embedded default a request that names", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { PUBLIC_URL: "https://shop.example" } });
  });
  after(() => world.close());

  const get = (path: string, host: string) =>
    ask(world.origin, `GET ${path} HTTP/1.1\r\n${host}X-User-Id: ada\r\n\r\n`);
  const paths = ["/orders", "/products", "/openapi.json", "/actuator/health", "/docs", "/nothing-here"];

  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.",
    "shop.example.evil.example",
    "10.0.0.1",
    "",
  ]) {
    test(`${host || "an empty host"} is answered 421 at each address, and does nothing`, async () => {
      for (const path of paths) {
        const answer = await get(path, `Host: ${host}\r\n`);
        assert.equal(answer?.status, 421, path);
        assert.equal((JSON.parse(answer.body) as Problem).code, "misdirected");
      }
      const lines = `POST /orders HTTP/1.1\r\nHost: ${host}\r\nX-User-Id: ada\r\nContent-Type: application/json\r\n`;
      const placed = await ask(world.origin, `${lines}Content-Length: 2\r\n\r\n{}`);
      assert.equal(placed?.status, 421);
    });
  }

  test("loopback or the host of PUBLIC_URL, at any port, is served", async () => {
    for (const host of ["127.0.0.1", "LOCALHOST:1", "[::1]:8080", "shop.example", "shop.example:443"]) {
      assert.equal((await get("/orders", `Host: ${host}\r\n`))?.status, 200, host);
    }
  });

  test("another host in X-Forwarded-Host is not believed", async () => {
    const answer = await get("/orders", "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n");
    assert.equal(answer?.status, 421);
  });
});
