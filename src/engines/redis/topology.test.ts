import assert from "node:assert/strict";
import { test } from "node:test";
import { slotOf, tagOf } from "./slots.ts";
import { redirectionFrom, topologyFrom } from "./topology.ts";

test("slots are those of the cluster's specification, and the text in braces alone counts", () => {
  assert.equal(slotOf("123456789"), 0x31_c3);
  assert.equal(slotOf("foo"), 12_182);
  assert.equal(slotOf("g:{lamp}:r"), slotOf("lamp"));
  assert.equal(slotOf("staging:g:{lamp}"), slotOf("lamp"));
  assert.notEqual(slotOf("g:{}lamp"), slotOf("lamp"));
  for (const slot of [0, 5_461, 16_383]) assert.equal(slotOf(`g:{probe${tagOf(slot, "probe")}}:u`), slot);
});

test("the view of a node names each primary with its address, its epoch and its slots", () => {
  const answer = [
    "aa 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460 7000 [5461->-bb]",
    "bb 10.0.0.2:7002@17002,redis-2.example master,fail? - 1 2 7 connected 5461-6999 7001-10922",
    "cc 127.0.0.1:7003@17003 slave aa 0 1 1 connected",
    "dd :0@0 master,noaddr - 0 0 0 disconnected 10923",
    "ee :7005@17005 master - 0 0 3 connected",
    "",
  ].join("\n");
  assert.deepEqual(topologyFrom(answer, "seed"), {
    epoch: 7,
    primaries: [
      {
        id: "aa",
        host: "127.0.0.1",
        port: 7001,
        epoch: 1,
        slots: [
          [0, 5460],
          [7000, 7000],
        ],
      },
      {
        id: "bb",
        host: "redis-2.example",
        port: 7002,
        epoch: 7,
        slots: [
          [5461, 6999],
          [7001, 10_922],
        ],
      },
      { id: "ee", host: "seed", port: 7005, epoch: 3, slots: [] },
    ],
  });
});

test("a redirection names the node that has the key, for good or for one command", () => {
  assert.deepEqual(redirectionFrom("MOVED 3999 10.0.0.5:6379", "seed"), { address: "10.0.0.5:6379", asking: false });
  assert.deepEqual(redirectionFrom("ASK 3999 ::1:6379", "seed"), { address: "::1:6379", asking: true });
  assert.deepEqual(redirectionFrom("MOVED 3999 :6379", "seed"), { address: "seed:6379", asking: false });
  assert.equal(redirectionFrom("WRONGTYPE of a key", "seed"), undefined);
});
