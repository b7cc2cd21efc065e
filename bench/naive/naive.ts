/**
 * The naive way beside the system: one workflow an order, one commit a step, no batch anywhere. It runs in a process of
 * its own on the engines of the system, and needs neither HTTP nor a log: a real shop of this kind is slower.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openOnDbos, openOnTemporal } from "./engines.ts";
import { openSteps } from "./steps.ts";

type Asked = {
  url: string;
  temporal: string | undefined;
  atOnce: number;
  turns: number;
  seconds: number;
  warmUpSeconds: number;
};

process.once("message", async ({ url, temporal, atOnce, turns, seconds, warmUpSeconds }: Asked) => {
  const { steps, close } = await openSteps(url);
  const engine = temporal === undefined ? await openOnDbos(url, steps) : await openOnTemporal(temporal, steps);
  let done = 0;
  let isOver = false;
  const ordering = Array.from({ length: atOnce }, async () => {
    while (!isOver) {
      await engine.order();
      done += 1;
    }
  });
  const rates: number[] = [];
  await sleep(warmUpSeconds * 1000);
  while (rates.length < turns) {
    const before = { at: performance.now(), done };
    await sleep(seconds * 1000);
    rates.push((done - before.done) / ((performance.now() - before.at) / 1000));
  }
  isOver = true;
  await Promise.all(ordering);
  await engine.close();
  await close();
  process.send?.({ rates });
  process.disconnect();
});
process.on("disconnect", () => process.exit());
process.send?.({ port: 0 });
