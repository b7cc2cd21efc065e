/** The cells of the embedded default: a process is killed at a point and started again, and the laws are checked. */
import { setTimeout as sleep } from "node:timers/promises";
import { goOn, within } from "#platform/deadline";
import { lastLines } from "../support/last-lines.ts";
import { type Cell, type CellResult, faultsOf, group } from "./cell.ts";
import { type CrashCell, cellName, crashGroups } from "./crash-cells.ts";
import { type EmbeddedStage, type EmbeddedStages, inDrop, inLine, product } from "./embedded-stage.ts";
import { runTrial, type TrialResult } from "./trial.ts";

const buyers = { count: 45, everyMs: 60 };
/** Far above the time to reach any point, from when the process serves on. */
const deadWithinMs = 40_000;
const triesForMoment = 3;

export function embeddedCells(stages: () => Promise<EmbeddedStages>, { quick }: { quick: boolean }): Cell[] {
  const crashes = crashGroups.flatMap(({ title, cells }) =>
    cells
      .filter(({ isWhole }) => !quick || !isWhole)
      .map((cell): Cell => ({ group: title, name: cellName(cell), run: (random) => crash(cell, random) })),
  );
  const whole = group("H1: everything on the machine killed at the same moment, PostgreSQL among it", [
    { name: "everything, moment 1", run: everythingKilled },
    { name: "everything, moment 2", run: everythingKilled },
    { name: "everything, moment 3", run: everythingKilled },
  ]);
  const moments = quick ? whole.cells.slice(0, 1) : whole.cells;
  return [...crashes, ...moments.map((cell): Cell => ({ group: whole.title, ...cell }))];

  function everythingKilled(random: () => number): Promise<CellResult> {
    return onStage(`everything-${Math.floor(random() * 1e9)}`, (stage) => killEverything(stage, random));
  }

  async function onStage(name: string, work: (stage: EmbeddedStage) => Promise<CellResult>): Promise<CellResult> {
    const stage = await (await stages()).open(name);
    try {
      const result = await work(stage);
      if (result.faults.length > 0) result.faults.push(`the process said:\n${lastLines(stage.output, 40)}`);
      return result;
    } finally {
      await stage.close();
    }
  }

  /** On a busy machine the buyers may miss the moment of a cell: then it is run again, and the laws hold in each run. */
  async function crash(cell: CrashCell, random: () => number): Promise<CellResult> {
    for (let tries = 1; ; tries += 1) {
      const { isMissed, ...result } = await crashOnce(cell, random, tries);
      if (!isMissed || tries === triesForMoment) return result;
      console.log(`  ${cellName(cell)} was not reached: run ${tries + 1} of ${triesForMoment}`);
    }
  }

  /** `isMissed`: the process did not reach the point, and no law was broken. */
  async function crashOnce(
    cell: CrashCell,
    random: () => number,
    tries: number,
  ): Promise<CellResult & { isMissed: boolean }> {
    let isMissed = false;
    const result = await onStage(tries === 1 ? cellName(cell) : `${cellName(cell)}-${tries}`, async (stage) => {
      const faults: string[] = [];
      stage.launch([`${cell.point}:kill@${cell.pass}`, ...(cell.with ? [cell.with] : [])].join(","));
      // It may die before it is up: then its end is reported to the code that waits for it.
      const isUp = stage.untilUp().then(goOn, goOn);
      const result = await trial(stage, cell, random, async (probe) => {
        await isUp;
        const how = await within(deadWithinMs, stage.ended(), () => "alive");
        probe();
        if (how !== "SIGKILL") faults.push(`${cellName(cell)} did not kill it: ${how}`);
        if (how === "alive") await stage.killEverything();
        isMissed = how === "alive";
        stage.launch();
        await stage.untilUp();
      });
      const broken = faultsOf(result);
      isMissed &&= broken.length === 0;
      return { figures: result.figures, faults: [...faults, ...broken] };
    });
    return { ...result, isMissed };
  }

  async function killEverything(stage: EmbeddedStage, random: () => number): Promise<CellResult> {
    stage.launch();
    await stage.untilUp();
    const result = await trial(stage, { hasLine: true }, random, async (probe) => {
      await sleep(500 + random() * 1_500);
      await stage.killEverything();
      probe();
      stage.launch();
      await stage.untilUp();
    });
    return { figures: result.figures, faults: faultsOf(result) };
  }
}

/** A run in which no process dies. The bugs are planted in its stores. */
export async function healthyRun(stage: EmbeddedStage, random: () => number): Promise<TrialResult> {
  stage.launch();
  await stage.untilUp();
  return trial(stage, { chore: "rebuild", hasLine: true }, random, async (probe) => probe());
}

function trial(
  shop: EmbeddedStage,
  { chore = "none", hasLine = false }: Pick<CrashCell, "chore" | "hasLine">,
  random: () => number,
  disturb: (probe: () => void) => Promise<void>,
): Promise<TrialResult> {
  return runTrial({ shop, product, inDrop, inLine: hasLine ? inLine : undefined, buyers, chore, random, disturb });
}
