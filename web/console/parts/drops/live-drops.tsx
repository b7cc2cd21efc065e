/** The drops that are on sale at this moment, each as one bar, with its pause; and the one that opens next. */
import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { longClockText } from "../../../lib/amounts.ts";
import type { Board } from "../../board-following.ts";
import { StockBar } from "../products/stock-bar.tsx";
import { DropPhase } from "./drop-phase.tsx";
import { PauseDrop } from "./pause-drop.tsx";

type LiveDrop = Board["drops"]["live"][number];

export function LiveDrops({ live, nowMs }: { live: readonly LiveDrop[]; nowMs: number }) {
  return live.map((drop) => <OnSale key={drop.dropId} drop={drop} nowMs={nowMs} />);
}

function OnSale({ drop, nowMs }: { drop: LiveDrop; nowMs: number }) {
  const { dropId, name, phase, closesAt, sold, held, free } = drop;
  return (
    <section className="card" aria-label={name}>
      <Group justify="space-between" align="start" wrap="nowrap" mb="sm">
        <div>
          <h3 className="breaks">
            <Link to="/drops/$dropId" params={{ dropId }}>
              {name}
            </Link>
          </h3>
          <p className="summary">
            <DropPhase phase={phase} />
            <span className="aside">Closes in {longClockText(Date.parse(closesAt) - nowMs)}</span>
          </p>
        </div>
        <PauseDrop drop={drop} phase={phase} />
      </Group>
      <StockBar stock={{ sold, held, available: free }} />
    </section>
  );
}

export function NextDrop({ next, nowMs }: { next: Board["drops"]["next"]; nowMs: number }) {
  if (!next) {
    return (
      <Text>
        No drop is planned. <Link to="/drops/new">Plan one</Link>.
      </Text>
    );
  }
  const leftMs = Date.parse(next.opensAt) - nowMs;
  return (
    <p>
      Next:{" "}
      <Link to="/drops/$dropId" params={{ dropId: next.dropId }}>
        {next.name}
      </Link>
      , opens in <strong>{longClockText(leftMs)}</strong>
    </p>
  );
}
