/**
 * The pulse of a process that takes orders: how many it accepted and refused in its latest beat, and how long it took. It
 * is counted in memory. A beat is one row, written each second while orders come, and rarely while none do.
 */
import type { Sql } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { randomHex } from "#platform/ids";
import { startLoop } from "#platform/loop";
import type { PlaceAnswer } from "./answers.ts";
import { createLatencies } from "./latencies.ts";

/** The answers of a process from one beat to the next. */
export type Span = {
  /** Of this process, from 1. */
  number: number;
  spanMs: number;
  accepted: number;
  /** By reason, how many. */
  refused: Record<string, number>;
  p99Ms: number | null;
};

export type Beat = Span & {
  process: string;
  /** By the clock of the database. */
  ageMs: number;
  /** For a reader that comes later than the next beat: the spans before, the latest first. */
  earlier: readonly Span[];
};

export type Pulse = {
  note(answer: PlaceAnswer, tookMs: number): void;
  /** Writes what was noted since the last one, if there is something to say. */
  beat(): Promise<void>;
  /** The latest beat of each process that has one. */
  read(): Promise<Beat[]>;
  start(): { stop(): Promise<void> };
};

export type PulseOptions = { sql: Sql; onFault(what: string, error: unknown): void };

const beatEveryMs = 1_000;
/** A process that takes no orders says so this often: it is there. */
export const idleBeatEveryMs = 10_000;
const earlierKept = 3;
/** A process that crashed leaves its row; the next one that starts removes it after this time. */
const forgottenAfter = "1 hour";

export function createPulse({ sql, onFault }: PulseOptions, elapsed: () => number = elapsedMs): Pulse {
  const process = randomHex(8);
  const latencies = createLatencies();
  let accepted = 0;
  let refused: Record<string, number> = {};
  let beganAtMs = elapsed();
  let wroteAtMs = Number.NEGATIVE_INFINITY;
  let wroteSomething = false;
  let written: Span[] = [];

  async function beat(): Promise<void> {
    const nowMs = elapsed();
    const isSomething = accepted > 0 || Object.keys(refused).length > 0;
    // After the last order one beat says that none came since.
    if (!isSomething && !wroteSomething && nowMs - wroteAtMs < idleBeatEveryMs) {
      beganAtMs = nowMs;
      return;
    }
    const spanMs = Math.max(1, Math.round(nowMs - beganAtMs));
    const number = (written[0]?.number ?? 0) + 1;
    const span: Span = { number, spanMs, accepted, refused, p99Ms: latencies.take(0.99) };
    const earlier = written;
    [accepted, refused, beganAtMs, written] = [0, {}, nowMs, [span, ...earlier].slice(0, earlierKept)];
    const [beaten] = await sql.query<{ transaction: string }>(
      `insert into orders.pulse (process, at, number, span_ms, accepted, refused, p99_ms, earlier)
       values ($1, clock_timestamp(), $2, $3, $4, $5::jsonb, $6, $7::jsonb)
       on conflict (process) do update set at = excluded.at, number = excluded.number, span_ms = excluded.span_ms,
         accepted = excluded.accepted, refused = excluded.refused, p99_ms = excluded.p99_ms, earlier = excluded.earlier
       returning pg_current_xact_id()::text as transaction`,
      [process, number, spanMs, span.accepted, JSON.stringify(span.refused), span.p99Ms, JSON.stringify(earlier)],
    );
    sql.still?.passOver(beaten?.transaction);
    [wroteAtMs, wroteSomething] = [nowMs, isSomething];
  }

  return {
    note(answer, tookMs) {
      if (answer.ok) {
        // A repeat got the order that it had.
        if (answer.order.replayed) return;
        accepted += 1;
        latencies.add(tookMs);
      } else refused[answer.reason] = (refused[answer.reason] ?? 0) + 1;
    },

    beat,

    read: () =>
      sql.query<Beat>(
        `select process, extract(epoch from clock_timestamp() - at)::float8 * 1000 as "ageMs", number, span_ms as "spanMs",
                accepted, refused, p99_ms as "p99Ms", earlier
           from orders.pulse order by process`,
      ),

    start() {
      const tell = (error: unknown) => onFault("the pulse of orders", error);
      const cleaning = sql
        .query(`delete from orders.pulse where at < statement_timestamp() - interval '${forgottenAfter}'`)
        .catch(tell);
      const loop = startLoop({ everyMs: beatEveryMs, work: beat, onFault: tell });
      return {
        async stop() {
          await Promise.all([cleaning, loop.stop()]);
          await sql.query("delete from orders.pulse where process = $1", [process]).catch(tell);
        },
      };
    },
  };
}
