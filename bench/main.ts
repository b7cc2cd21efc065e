/** `npm run bench`: durable accepts per second, beside a bare server in the same run. */
import { defineCommand, runMain } from "citty";
import { benchAccept } from "./accept.ts";

const bench = defineCommand({
  meta: { name: "bench", description: "Accept ratio, burst: durable 202/s of the system ÷ 202/s of a bare server" },
  args: {
    which: { type: "positional", default: "accept", description: "There is one benchmark: accept" },
    pairs: {
      type: "string",
      default: "6",
      description: "Pairs of runs, in the order A-B-B-A; at least 5 for a kept run",
    },
    seconds: { type: "string", default: "5", description: "Length of one run" },
    connections: { type: "string", default: "64", description: "Connections that each wait for their answer" },
    keep: { type: "boolean", description: "Append a line to bench/history.ndjson" },
  },
  run: ({ args }) => {
    if (args.which !== "accept") throw new Error(`${args.which} is no benchmark: there is one, accept`);
    return benchAccept({
      pairs: Number(args.pairs),
      seconds: Number(args.seconds),
      connections: Number(args.connections),
      keep: args.keep ?? false,
    });
  },
});

await runMain(bench);
