/** One drop: its phase to the second, what it has sold, its checks, its plan and history, and every act on it. */
import { Group, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { count, longClockText } from "../../lib/amounts.ts";
import { type Drop, dropApi, type Phase } from "../drop-api.ts";
import { CopyDrop } from "../parts/drops/copy-drop.tsx";
import { DropHistory } from "../parts/drops/drop-history.tsx";
import { DropPhase, isOver, phaseAt, unitsOf, useShopNowMs } from "../parts/drops/drop-phase.tsx";
import { DropPlanCard } from "../parts/drops/drop-plan-card.tsx";
import { CancelDrop, EndEarly } from "../parts/drops/end-drop.tsx";
import { LineCard } from "../parts/drops/line-card.tsx";
import { PauseDrop } from "../parts/drops/pause-drop.tsx";
import { Preflight } from "../parts/drops/preflight.tsx";
import { ScheduleDrop } from "../parts/drops/schedule-drop.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { StockBar } from "../parts/products/stock-bar.tsx";
import { inZone } from "../parts/wall-time.ts";

const lookEveryMs = 2_000;

export function DropPage() {
  const { dropId } = useParams({ from: "/drops/$dropId" });
  const drop = useQuery({
    queryKey: ["drop", dropId],
    queryFn: () => dropApi.one(dropId),
    refetchInterval: lookEveryMs,
  });
  if (drop.isPending) return <Loading rows={8} />;
  if (!drop.data) {
    return (
      <>
        <Link to="/drops">All drops</Link>
        <PageHead title="Drop" says={dropId} />
        <ProblemNote error={drop.error} again={drop.refetch} />
      </>
    );
  }
  return (
    <>
      <Link to="/drops">All drops</Link>
      {drop.isError && <ProblemNote error={drop.error} again={drop.refetch} />}
      <Shown key={dropId} drop={drop.data} />
    </>
  );
}

function Shown({ drop }: { drop: Drop }) {
  const nowMs = useShopNowMs();
  const { dropId, name, zone, state, version } = drop;
  const phase = phaseAt(drop, nowMs);
  const isLive = state === "scheduled" && !isOver(phase);
  return (
    <>
      <PageHead title={name} says={dropId}>
        <Group gap="sm">
          {phase === "draft" && <ScheduleDrop drop={drop} />}
          {isLive && <PauseDrop drop={drop} phase={phase} isMain={phase !== "upcoming"} />}
          {isLive && <EndEarly drop={drop} phase={phase} />}
          {state === "scheduled" && <CancelDrop drop={drop} phase={phase} />}
          <CopyDrop dropId={dropId} />
        </Group>
      </PageHead>
      <Standing drop={drop} phase={phase} nowMs={nowMs} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" className="uneven">
        <Stack gap="lg">
          {phase !== "draft" && <Units drop={drop} />}
          {phase !== "draft" && hasLine(drop) && <LineCard dropId={dropId} />}
          {(phase === "draft" || phase === "upcoming") && <Preflight dropId={dropId} />}
          {phase !== "draft" && <DropHistory dropId={dropId} zone={zone} version={version} />}
        </Stack>
        {isOver(phase) ? <Past drop={drop} /> : <DropPlanCard drop={drop} nowMs={nowMs} />}
      </SimpleGrid>
    </>
  );
}

/** One that all may order from has a line only for what comes back. */
function hasLine({ entry, listAfterSoldOut }: Drop): boolean {
  return entry !== "open" || listAfterSoldOut;
}

function Standing({ drop, phase, nowMs }: { drop: Drop; phase: Phase; nowMs: number }) {
  const { dropId, opensAt, closesAt, zone, paused, pauseReason } = drop;
  const isBefore = nowMs < Date.parse(opensAt);
  const [verb, moment] = isBefore && !isOver(phase) ? ["Opens", opensAt] : ["Closes", closesAt];
  const leftMs = Date.parse(moment) - nowMs;
  return (
    <div className="summary">
      <span role="status">
        <DropPhase phase={phase} />
      </span>
      {!isOver(phase) && leftMs > 0 && (
        <span role="timer" aria-label={`${verb} in`}>
          {verb} in <strong>{longClockText(leftMs)}</strong>
        </span>
      )}
      <span className="aside">
        {isOver(phase) ? "Closed" : verb} {inZone(moment, zone)}
      </span>
      {paused && !isOver(phase) && (
        <span className="breaks">
          {isBefore ? "It will not sell: paused" : "Reason"}: {pauseReason}
        </span>
      )}
      {phase !== "draft" && (
        <>
          <a href={`/d/${encodeURIComponent(dropId)}`}>In the shop</a>
          <a href={`/drops/${encodeURIComponent(dropId)}/calendar.ics`}>Calendar file</a>
        </>
      )}
    </div>
  );
}

function Units({ drop }: { drop: Drop }) {
  const { products } = drop;
  return (
    <section className="card" aria-label="Units">
      <h2>Units</h2>
      <StockBar stock={unitsOf(drop)} />
      <Table className="rows">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Product</Table.Th>
            <Table.Th className="figure">Sold</Table.Th>
            <Table.Th className="figure">Held</Table.Th>
            <Table.Th className="figure">Free</Table.Th>
            <Table.Th>Orders</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {products.map(({ productId, label, sold, held, free }) => (
            <Table.Tr key={productId}>
              <Table.Th scope="row" className="breaks">
                <Link to="/products/$productId" params={{ productId }}>
                  {label ?? productId}
                </Link>
                {label && (
                  <Text size="xs" c="dimmed" className="breaks">
                    {productId}
                  </Text>
                )}
              </Table.Th>
              {Object.entries({ Sold: sold, Held: held, Free: free }).map(([word, units]) => (
                <Table.Td key={word} className="figure" data-label={word}>
                  {count(units)}
                </Table.Td>
              ))}
              <Table.Td data-label="Orders">
                <Link to="/orders" search={{ productId }} aria-label={`Orders of ${label ?? productId}`}>
                  Orders
                </Link>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

/** A drop that is over is over: its plan is read, and copied to be used again. */
function Past({ drop }: { drop: Drop }) {
  const { zone, opensAt, closesAt, holdSeconds, limitPerPerson, story } = drop;
  // One that was cancelled before its opening has never opened.
  const hasOpened = Date.parse(opensAt) < Date.parse(closesAt);
  const facts = {
    "Time zone": zone,
    [hasOpened ? "Opened" : "Was to open"]: inZone(opensAt, zone),
    Closed: inZone(closesAt, zone),
    "Seconds to pay": count(holdSeconds),
    "Limit per person": limitPerPerson === null ? "None" : count(limitPerPerson),
    ...(story && { Story: story }),
  };
  return (
    <section className="card" aria-label="Plan">
      <h2>Plan</h2>
      <Facts facts={facts} />
      <Text c="dimmed">It is over. Copy it to sell its products again.</Text>
    </section>
  );
}
