import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { createGuard } from "./guard.ts";
import { privateNames, publicNames } from "./names.ts";
import { openStage, type Stage } from "./notifications.testing.ts";

describe("the addresses of webhooks", () => {
  const named = (...addresses: string[]) =>
    createGuard({ allowPrivate: false, resolve: async () => addresses }).addressOf(new URL("https://erp.example/hook"));
  const literal = (url: string) => createGuard({ allowPrivate: false }).addressOf(new URL(url));

  for (const address of ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]) {
    test(`W4: the public address ${address} is allowed`, async () => {
      assert.equal((await named(address)).ok, true);
    });
  }

  for (const address of [
    ...["127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    ...["0.0.0.0", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1"],
    ...["::ffff:127.0.0.1", "::ffff:a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "2001:db8::1", "ff02::1"],
  ]) {
    test(`W4: ${address} is refused as the address of a name and in the URL`, async () => {
      const answer = await named(address);
      assert.ok(!answer.ok && /not a public one/.test(answer.why));
      const inUrl = address.includes(":") ? `[${address}]` : address;
      assert.equal((await literal(`https://${inUrl}/`)).ok, false);
    });
  }

  test("W4: other spellings of an address in the URL are that address", async () => {
    for (const host of ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "[::ffff:7f00:1]"]) {
      assert.equal((await literal(`https://${host}/`)).ok, false, host);
    }
  });

  test("W4: one private address among public ones refuses the name", async () => {
    assert.equal((await named("8.8.8.8", "10.0.0.1")).ok, false);
  });

  test("a name without an address, http, and a URL with a password are refused", async () => {
    const guard = createGuard({ allowPrivate: false, resolve: async () => ["8.8.8.8"] });
    assert.equal((await guard.addressOf(new URL("https://erp.example/"))).ok, true);
    assert.equal((await named()).ok, false);
    assert.equal((await guard.addressOf(new URL("http://erp.example/"))).ok, false);
    assert.equal((await guard.addressOf(new URL("https://user:secret@erp.example/"))).ok, false);
  });

  test("public names are asked of the name servers, and private ones of the machine", async (t) => {
    const server = createSocket("udp4");
    t.after(() => server.close());
    // RFC 1035 §4.1: a name with one A record, 10.0.0.9, and no record of another type.
    server.on("message", (query, { port, address }) => {
      const question = query.subarray(12, query.indexOf(0, 12) + 5);
      const hasAnswer = question.readUInt16BE(question.length - 4) === 1;
      const header = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, hasAnswer ? 1 : 0, 0, 0, 0, 0]);
      const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 0, 0, 9]);
      server.send(Buffer.concat([header, question, ...(hasAnswer ? [record] : [])]), port, address);
    });
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    const resolve = publicNames([`127.0.0.1:${server.address().port}`]);
    assert.deepEqual(await resolve("erp.example"), ["10.0.0.9"]);
    const answer = await createGuard({ allowPrivate: false, resolve }).addressOf(new URL("https://erp.example/"));
    assert.ok(!answer.ok && answer.why.includes("10.0.0.9"));
    assert.ok((await privateNames("localhost")).some((address) => address === "127.0.0.1" || address === "::1"));
  });

  describe("at an attempt", () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage.close());

    test("W4: the request goes to the address that was checked, and a name that moves to a private one is refused", async () => {
      const receiver = await stage.receiver();
      const port = new URL(receiver.url).port;
      let address = "127.0.0.1";
      let asked = 0;
      const { notifications } = await stage.open({
        addresses: {
          allowPrivate: true,
          // The name does not exist, so a second look-up by the connection would find nothing.
          resolve: async () => {
            asked += 1;
            return [address];
          },
          isAllowed: ({ text }) => text === "127.0.0.1",
        },
      });
      const created = await notifications.create({ url: `http://erp.example:${port}/`, events: [], description: "" });
      assert.ok(created.ok);
      const { endpointId } = created.endpoint;
      await notifications.test(endpointId);
      asked = 0;
      await notifications.deliverDue();
      assert.equal(receiver.heard.length, 1);
      assert.equal(receiver.heard[0]?.headers.host, `erp.example:${port}`);
      assert.equal(asked, 1);

      address = "10.0.0.8";
      await notifications.test(endpointId);
      await notifications.deliverDue();
      assert.equal(receiver.heard.length, 1);
      const [delivery] = await notifications.deliveries(endpointId, null, 1);
      assert.equal(delivery?.state, "waiting");
      assert.match(delivery?.attempts[0]?.answer ?? "", /10\.0\.0\.8, which is not a public one/);
      const refused = await notifications.create({ url: `http://erp.example:${port}/`, events: [], description: "" });
      assert.ok(!refused.ok && refused.reason === "address_refused");
      assert.deepEqual(stage.faults, []);
    });
  });
});
