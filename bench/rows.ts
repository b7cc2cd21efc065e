/** The benchmarks by name, in the order in which `all` runs them. */
import type { Bench } from "./bench.ts";
import type { Figure } from "./figures.ts";
import { acceptBurst, acceptSustained } from "./rows/accept.ts";
import { confirm } from "./rows/confirm.ts";
import { growth, hotProduct, products } from "./rows/growth.ts";
import { latency } from "./rows/latency.ts";
import { limitedCart } from "./rows/limited-cart.ts";
import { costByPart } from "./rows/parts.ts";
import { idle, recovery } from "./rows/recovery.ts";
import { overload, soldOut } from "./rows/refusals.ts";
import { benchStreams } from "./rows/streams.ts";
import type { Engines } from "./stage.ts";

export type Row = {
  says: string;
  run(bench: Bench): Promise<Figure[]>;
  /** The engines on which it runs, if not on both. */
  on?: readonly Engines[];
  /** Programs that it needs beside the system. */
  needs: readonly ("wrk" | "vegeta")[];
};

export const rows: Readonly<Record<string, Row>> = {
  accept: {
    says: "durable accepts per second ÷ a bare server's, in a burst; then how fast they are settled",
    run: acceptBurst,
    needs: ["wrk"],
  },
  sustained: { says: "the same while orders are settled", run: acceptSustained, needs: ["wrk"] },
  parts: { says: "where the CPU time of an accepted and settled order goes", run: costByPart, needs: ["wrk"] },
  confirm: { says: "orders placed, paid and confirmed per second, and what one costs", run: confirm, needs: [] },
  "limited-cart": {
    says: "accepts and workflows of LimitedCart's way, beside the system and a bare server, on real servers alone",
    run: limitedCart,
    on: ["real"],
    needs: ["wrk"],
  },
  latency: {
    says: "time of an accept at 30, 50, 70 and 90 % of saturation, open loop",
    run: latency,
    needs: ["wrk", "vegeta"],
  },
  "sold-out": { says: "refusals of a sold-out product ÷ a bare server's answers", run: soldOut, needs: ["wrk"] },
  overload: {
    says: "accepts at one, two and four times saturation, open loop",
    run: overload,
    needs: ["wrk", "vegeta"],
  },
  hot: { says: "accepts of one product ÷ of a thousand", run: hotProduct, needs: ["wrk"] },
  growth: {
    says: "accept, settle, confirm, reconcile, start and memory with 10,000 to a million orders kept",
    run: growth,
    needs: ["wrk"],
  },
  products: {
    says: "accept, reconcile, start and memory with 1 to 100,000 products",
    run: products,
    needs: ["wrk"],
  },
  streams: {
    says: "the cost of 8,000 open streams, as the difference from none: below zero is noise",
    run: benchStreams,
    needs: [],
  },
  recovery: { says: "time until orders are accepted again after kill -9", run: recovery, needs: ["wrk"] },
  idle: { says: "the cost of the system at rest", run: idle, needs: [] },
};
