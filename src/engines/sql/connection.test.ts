import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, describe, test } from "node:test";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openSql } from "./postgres.ts";

const database = await openTestDatabase();
after(() => database.close());

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, port: (server.address() as { port: number }).port };
}

async function failureOf(url: string): Promise<string> {
  const sql = openSql({ url, maxConnections: 1, applicationName: "failing" });
  const error = await sql.query("select 1").then(
    () => assert.fail("it could connect"),
    (error) => error,
  );
  await sql.close();
  assert.doesNotMatch(error.message, /secret/);
  return error.message;
}

// They wait for time limits of 5 s, so they run together.
describe("a connection that fails", { concurrency: true }, () => {
  test("names the address at which no server listens, and the variable to look at", async () => {
    const message = await failureOf("postgresql://shop:secret@127.0.0.1:1/orders");
    assert.match(message, /127\.0\.0\.1:1 \(database orders, user shop\).*ECONNREFUSED.* DATABASE_URL/);
  });

  test("gives up on a server that never answers", async () => {
    const { server, port } = await listen();
    server.on("connection", (socket) => socket.on("error", () => {}));
    const message = await failureOf(`postgresql://shop:secret@127.0.0.1:${port}/orders`);
    assert.match(message, new RegExp(`127.0.0.1:${port} .*timeout.* DATABASE_URL`));
    server.close();
  });

  test("passes on PostgreSQL's own message, and does not ask whether a server runs that has answered", async () => {
    const url = new URL(database.url);
    url.pathname = "/no_such_database";
    const message = await failureOf(url.href);
    assert.match(message, /database "no_such_database" does not exist\. Make it first \(create database\), or correct/);
    assert.doesNotMatch(message, /Is it running/);
  });

  test("does not ask whether a server runs whose disk is full, or that refuses for a reason without advice of its own", async () => {
    const { server, port } = await listen();
    // The answer of PostgreSQL 15 on a full disk: the files that a new connection reads cannot be written.
    const fields = ["SFATAL", "VFATAL", "C53100", "Mcould not write init file", "Frelcache.c", "", ""].join("\0");
    const head = Buffer.from("E\0\0\0\0", "latin1");
    head.writeInt32BE(4 + fields.length, 1);
    server.on("connection", (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(Buffer.concat([head, Buffer.from(fields)])));
    });
    const full = await failureOf(`postgresql://shop:secret@127.0.0.1:${port}/orders`);
    server.close();
    assert.match(full, /could not write init file\. Its disk is full/);
    const url = new URL(database.url);
    url.searchParams.set("options", "-c work_mem=much");
    const other = await failureOf(url.href);
    assert.match(other, /invalid value for parameter "work_mem": "much"\. It runs/);
    for (const message of [full, other]) assert.doesNotMatch(message, /Is it running/);
  });

  test("never shows a URL that it cannot read", () => {
    const open = () => openSql({ url: "secret", maxConnections: 1, applicationName: "failing" });
    assert.throws(open, (error: Error) => /DATABASE_URL/.test(error.message) && !/secret/.test(error.message));
  });

  test("is distinguished from a pool whose connections are all busy", async () => {
    const sql = openSql({ url: database.url, maxConnections: 1, applicationName: "busy" });
    const slow = sql.query("select pg_sleep(5.3)");
    await assert.rejects(sql.query("select 1"), /all 1 connections to PostgreSQL were busy/);
    await slow;
    await sql.close();
  });
});
