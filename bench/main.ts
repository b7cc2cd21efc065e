/** `npm run bench -- NAME`: the benchmarks by name. */
import { defineCommand, runMain } from "citty";
import { benchAccept } from "./accept.ts";
import { benchStreams } from "./streams.ts";

const bench = defineCommand({
  meta: { name: "bench", description: "Benchmarks: accept (the default), streams" },
  args: {
    which: {
      type: "positional",
      default: "accept",
      description:
        "accept: durable 202/s of the system ÷ 202/s of a bare server. streams: CPU of open streams, and GET /time beside them",
    },
    pairs: {
      type: "string",
      default: "6",
      description: "accept: pairs of runs, in the order A-B-B-A; at least 5 for a kept run",
    },
    seconds: { type: "string", default: "5", description: "Length of one run" },
    connections: { type: "string", default: "64", description: "accept: connections that each wait for their answer" },
    streams: { type: "string", default: "8000", description: "streams: how many, each of an order of its own" },
    rate: { type: "string", default: "100", description: "streams: orders per second that are placed or cancelled" },
    keep: { type: "boolean", description: "accept: append a line to bench/history.ndjson" },
  },
  run: ({ args: { which, pairs, seconds, connections, streams, rate, keep } }) => {
    if (which === "accept") {
      const load = { pairs: Number(pairs), connections: Number(connections), keep: keep ?? false };
      return benchAccept({ ...load, seconds: Number(seconds) });
    }
    if (which === "streams") {
      const load = { streams: Number(streams), perSecond: Number(rate) };
      return benchStreams({ ...load, seconds: Number(seconds) });
    }
    throw new Error(`${which} is no benchmark: name accept or streams`);
  },
});

await runMain(bench);
