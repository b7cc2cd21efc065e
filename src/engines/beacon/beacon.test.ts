import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { quicknet, roundAt, timeOfRound } from "#fairness";
import { systemClock } from "#platform/clock";
import { recordedRounds } from "../../../test/support/drand.ts";
import { readNewest } from "./beacon.ts";
import { describeBeacon } from "./contract/beacon.testing.ts";
import { createDrandBeacon } from "./drand.ts";
import { createOwnBeacon } from "./own.ts";

type Answer = (response: ServerResponse, round: number) => void;

const [recorded, another] = recordedRounds as [(typeof recordedRounds)[0], (typeof recordedRounds)[0]];

function json(response: ServerResponse, value: unknown): void {
  response.end(JSON.stringify(value));
}
/** As drand's servers answer: a round that is not there is too early. */
const honest: Answer = (response, round) => {
  const found = recordedRounds.find((one) => one.round === round);
  if (!found) response.writeHead(425).end();
  else json(response, found);
};

/** A server of drand's HTTP API on loopback. */
async function startDrand(answer: Answer = honest) {
  let asked = 0;
  // To check a signature holds up this process for seconds on a busy machine. The server must not close the connection then,
  // because the next request is sent on it.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    asked += 1;
    const [, hash, word, round] = (request.url ?? "").split("/");
    if (hash === quicknet.hash && word === "public") answer(response, Number(round));
    else response.writeHead(400).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

describeBeacon("drand", async () => {
  const { url, close } = await startDrand();
  const [beacon, other] = [url, `${url}/`].map((one) => createDrandBeacon({ urls: [one], chain: quicknet }));
  assert.ok(beacon && other);
  return { beacon, other, past: [recorded.round, another.round], future: 1_000_000_000, close };
});

describeBeacon("its own key", async () => {
  const options = { secret: "a secret of at least thirty-two bytes", now: systemClock.nowMs };
  const beacon = createOwnBeacon(options);
  const next = roundAt(beacon.times, systemClock.nowMs());
  const close = async () => {};
  return { beacon, other: createOwnBeacon(options), past: [next - 2, next - 1], future: next + 1_000, close };
});

test("the newest round is the one that came six seconds ago, and one that is not there is a fault", async () => {
  const { url, close } = await startDrand();
  const drand = createDrandBeacon({ urls: [url], chain: quicknet });
  const cameMs = timeOfRound(quicknet, recorded.round);
  for (const laterMs of [6_000, 8_999]) {
    assert.equal((await readNewest(drand, cameMs + laterMs)).signature, recorded.signature);
  }
  await assert.rejects(
    readNewest(drand, cameMs + 9_000),
    new RegExp(`^Error: round ${recorded.round + 1} is not there`),
  );
  await close();
});

test("the shop's own chain is another one for another secret", async () => {
  const chainOf = (secret: string) => createOwnBeacon({ secret, now: systemClock.nowMs }).chain();
  const [one, other] = await Promise.all([chainOf("a secret of one shop"), chainOf("a secret of another")]);
  assert.notEqual(one.publicKey, other.publicKey);
  assert.notEqual(one.hash, other.hash);
});

describe("a server of drand", () => {
  let good: Awaited<ReturnType<typeof startDrand>>;
  before(async () => {
    good = await startDrand();
  });
  after(() => good.close());

  const withSignature =
    (signature: unknown): Answer =>
    (response) =>
      json(response, { ...recorded, signature });
  const broken: Record<string, Answer> = {
    "gives the signature of another round": withSignature(another.signature),
    "makes up a signature": withSignature("ab".repeat(48)),
    "gives no signature": withSignature(undefined),
    "answers something else than JSON": (response) => response.end("<html>"),
    "answers null": (response) => response.end("null"),
    "answers without an end": (response) => response.end(`"${"x".repeat(20_000)}"`),
    fails: (response) => response.writeHead(500).end(),
    "leads elsewhere": (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    "breaks off": (response) => response.destroy(),
  };
  for (const [what, answer] of Object.entries(broken)) {
    test(`that ${what} is passed over for the next one, and alone it is a fault`, async () => {
      const bad = await startDrand(answer);
      try {
        const both = createDrandBeacon({ urls: [bad.url, good.url], chain: quicknet });
        assert.deepEqual(await both.read(recorded.round), recorded);
        assert.ok(bad.asked() > 0);
        const alone = createDrandBeacon({ urls: [bad.url], chain: quicknet });
        await assert.rejects(alone.read(recorded.round), /round 1000 of drand could not be read: 127\.0\.0\.1:\d+: /);
      } finally {
        await bad.close();
      }
    });
  }

  test("that gives another value beside a right signature is not believed: the value is computed here", async () => {
    const liar = await startDrand((response) => json(response, { ...recorded, round: 5, randomness: "00".repeat(32) }));
    try {
      assert.deepEqual(await createDrandBeacon({ urls: [liar.url], chain: quicknet }).read(recorded.round), recorded);
    } finally {
      await liar.close();
    }
  });

  test("that has the round later is asked again", async () => {
    let isThere = false;
    const late = await startDrand((response, round) =>
      isThere ? honest(response, round) : response.writeHead(404).end(),
    );
    try {
      const beacon = createDrandBeacon({ urls: [late.url], chain: quicknet });
      assert.equal(await beacon.read(recorded.round), undefined);
      isThere = true;
      assert.deepEqual(await beacon.read(recorded.round), recorded);
    } finally {
      await late.close();
    }
  });

  test("that does not answer is left when the caller gives up", async () => {
    const silent = await startDrand(() => {});
    try {
      const giveUp = new AbortController();
      const reading = createDrandBeacon({ urls: [silent.url], chain: quicknet }).read(recorded.round, giveUp.signal);
      giveUp.abort(new Error("given up"));
      await assert.rejects(reading, /given up/);
    } finally {
      await silent.close();
    }
  });
});
