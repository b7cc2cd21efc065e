/** The live board: what the shop sells at this moment, told by the server once a second. */
import { Button, Group, SimpleGrid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { count } from "../../lib/amounts.ts";
import { type Board, useBoard } from "../board-following.ts";
import { Age, BoardFigures, BoardTable } from "../parts/board-figures.tsx";
import { useShopNowMs } from "../parts/drops/drop-phase.tsx";
import { LiveDrops, NextDrop } from "../parts/drops/live-drops.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status } from "../parts/status.tsx";

const lateMs = 3_000;

const modeWords: Record<string, string> = {
  gatekeeper: "Orders go through the gate",
  sync: "Each order is decided in the books",
  closed: "New orders are refused",
};

export function BoardPage() {
  const { boards, isConnected, error } = useBoard();
  const nowMs = useShopNowMs();
  const [isTable, setIsTable] = useState(false);
  const board = boards.at(-1);
  return (
    <>
      <PageHead title="Board" says="What the shop sells at this moment. The server tells it once a second.">
        <Button onClick={() => setIsTable(!isTable)} aria-pressed={isTable} disabled={!board}>
          As a table
        </Button>
      </PageHead>
      {!board && !error && <Loading rows={6} />}
      {error && <ProblemNote error={error} />}
      {error && !board && <Text c="dimmed">The page asks again each second.</Text>}
      {board && (
        <>
          <Standing board={board} isConnected={isConnected} nowMs={nowMs} />
          {isTable ? <BoardTable boards={boards} /> : <BoardFigures boards={boards} nowMs={nowMs} />}
          <Group justify="space-between" align="baseline" gap="sm" mt="lg" mb="sm">
            <h2 className="group">
              On sale <Age at={board.drops.at} nowMs={nowMs} />
            </h2>
            <NextDrop next={board.drops.next} nowMs={nowMs} />
          </Group>
          {board.drops.live.length === 0 && <Text>A drop stands here from its opening until it closes.</Text>}
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <LiveDrops live={board.drops.live} nowMs={nowMs} />
          </SimpleGrid>
        </>
      )}
    </>
  );
}

function Standing({ board, isConnected, nowMs }: { board: Board; isConnected: boolean; nowMs: number }) {
  const { serverNow, mode } = board;
  const silentMs = nowMs - Date.parse(serverNow);
  const isLive = isConnected && silentMs <= lateMs;
  return (
    <div className="summary">
      <span role="status">
        <Status tone={isLive ? "ok" : "warn"}>{isLive ? "Live" : "Not connected, trying again"}</Status>
      </span>
      {!isLive && <span className="age">last heard {count(Math.max(0, Math.floor(silentMs / 1_000)))} s ago</span>}
      <span>
        {mode.mode === null ? "The mode is not known yet" : modeWords[mode.mode]}
        {mode.mode !== null && !mode.ready && ", still being prepared"} <Age at={mode.at} nowMs={nowMs} />{" "}
        <Link to="/switch">Change</Link>
      </span>
    </div>
  );
}
