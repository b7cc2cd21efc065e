/** The figures of the board: each with its line over two minutes, and with its age if it is older than three seconds. */
import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import { count, timeOfDay } from "../../lib/amounts.ts";
import type { Board } from "../board-following.ts";
import { sentenceOf } from "../order-words.ts";
import { Sparkline } from "./sparkline.tsx";

const staleMs = 3_000;

/** Nothing while it is fresh. */
export function Age({ at, nowMs }: { at: string | null; nowMs: number }) {
  if (at === null) return <span className="age">not known yet</span>;
  const ageMs = nowMs - Date.parse(at);
  return ageMs > staleMs ? <span className="age">{count(Math.floor(ageMs / 1_000))} s old</span> : null;
}

export function BoardFigures({ boards, nowMs }: { boards: readonly Board[]; nowMs: number }) {
  const { orders, lag } = boards.at(-1) as Board;
  const { acceptsPerSecond, p99Ms, refusalsPerSecond, processes, silent } = orders;
  return (
    <div className="board-figures">
      <Figure
        title="Accepts a second"
        value={count(acceptsPerSecond)}
        line={boards.map((board) => board.orders.acceptsPerSecond)}
        age={<Age at={orders.at} nowMs={nowMs} />}
      >
        {processes === 1 ? "One process takes orders." : `${count(processes)} processes take orders.`}
        {silent.map(({ process, ageSeconds }) => (
          <span key={process} className="age">
            {" "}
            {process} is silent for {count(ageSeconds)} s.
          </span>
        ))}
      </Figure>
      <Figure
        title="99 of 100 accepts within"
        value={p99Ms === null ? "–" : `${count(p99Ms)} ms`}
        line={boards.map((board) => board.orders.p99Ms ?? 0)}
        age={<Age at={orders.at} nowMs={nowMs} />}
      >
        {p99Ms === null ? "No order is accepted at the moment." : "In the slowest process."}
      </Figure>
      <Figure
        title="Refusals a second"
        value={count(refusalsOf(boards.at(-1)))}
        line={boards.map(refusalsOf)}
        age={<Age at={orders.at} nowMs={nowMs} />}
      >
        {Object.entries(refusalsPerSecond)
          .map(([reason, rate]) => `${sentenceOf(reason)}: ${count(rate)}`)
          .join(" · ") || "None."}
      </Figure>
      <Figure
        title="Accepted, not settled yet"
        value={count(lag.records)}
        line={boards.map((board) => board.lag.records)}
        age={<Age at={lag.at} nowMs={nowMs} />}
      >
        {lag.records === 0 ? "All are in the books." : "They are on their way into the books."}
      </Figure>
    </div>
  );
}

type FigureProps = { title: string; value: string; line: readonly number[]; age: ReactNode; children: ReactNode };

function Figure({ title, value, line, age, children }: FigureProps) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      <p className="large-figure">
        {value} {age}
      </p>
      <Sparkline values={line} />
      <p className="aside">{children}</p>
    </section>
  );
}

/** The latest first. */
export function BoardTable({ boards }: { boards: readonly Board[] }) {
  return (
    <Table className="rows" stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Time</Table.Th>
          <Table.Th className="figure">Accepts a second</Table.Th>
          <Table.Th className="figure">99 % within, ms</Table.Th>
          <Table.Th className="figure">Refusals a second</Table.Th>
          <Table.Th className="figure">Not settled</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {boards.toReversed().map((board) => {
          const { serverNow, orders, lag } = board;
          const cells = {
            "Accepts a second": count(orders.acceptsPerSecond),
            "99 % within, ms": orders.p99Ms === null ? "–" : count(orders.p99Ms),
            "Refusals a second": count(refusalsOf(board)),
            "Not settled": count(lag.records),
          };
          return (
            <Table.Tr key={serverNow}>
              <Table.Th scope="row">{timeOfDay(serverNow)}</Table.Th>
              {Object.entries(cells).map(([label, text]) => (
                <Table.Td key={label} className="figure" data-label={label}>
                  {text}
                </Table.Td>
              ))}
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function refusalsOf(board: Board | undefined): number {
  return Object.values(board?.orders.refusalsPerSecond ?? {}).reduce((sum, rate) => sum + rate, 0);
}
