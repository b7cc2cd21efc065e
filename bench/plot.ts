/** Draws the figures as SVG, readable on light and dark ground. */
import { goalOf, type Run } from "./figures.ts";

/** Beyond it, the numbers below the line are drawn by their logarithms too. */
const wideRange = 20;
const ink = "#777";
const colours = ["#0062ac", "#f13e18", "#006e3b", "#875800", "#7a3fb0", "#b31220"];

/** A bar for each figure with a goal: its value as a share of the goal, so that a full bar has reached it. */
export function plotOfRatings(runs: readonly Run[]): string {
  const bars = runs.flatMap(({ on, figures }) =>
    figures.flatMap((figure) => {
      const goal = goalOf(figure.metric, on);
      if (!goal || !Number.isFinite(figure.value)) return [];
      const share = goal.better === "more" ? figure.value / goal.goal : goal.goal / Math.max(figure.value, goal.goal);
      const floor = goal.better === "more" ? goal.floor / goal.goal : goal.goal / goal.floor;
      return [{ label: `${figure.metric} (${on})`, share: Math.min(1, share), floor }];
    }),
  );
  const [left, width, row] = [330, 400, 22];
  const drawn = bars.map(({ label, share, floor }, i) => {
    const y = 20 + i * row;
    return [
      text(left - 8, y + 12, label, "end"),
      `<rect x="${left}" y="${y}" width="${(share * width).toFixed(1)}" height="14" fill="${share >= floor ? colours[2] : colours[1]}"/>`,
      `<line x1="${(left + floor * width).toFixed(1)}" x2="${(left + floor * width).toFixed(1)}" y1="${y - 2}" y2="${y + 16}" stroke="${ink}" stroke-width="2"/>`,
    ].join("");
  });
  const height = 40 + bars.length * row;
  const axis = `<line x1="${left + width}" x2="${left + width}" y1="14" y2="${height - 16}" stroke="${ink}"/>`;
  return svg("Each figure as a share of its goal", left + width + 60, height, [
    ...drawn,
    axis,
    text(left + width, height - 2, "goal", "middle"),
  ]);
}

/**
 * A line for each engines and `name`, over the number `x`, both groups of the pattern of metrics; undefined if no figure
 * matches.
 */
export function plotOfLines(runs: readonly Run[], pattern: RegExp, xSays: string, ySays: string): string | undefined {
  const lines = new Map<string, [x: number, y: number][]>();
  for (const { on, figures } of runs) {
    for (const { metric, value } of figures) {
      const { x, name } = pattern.exec(metric)?.groups ?? {};
      if (x === undefined || !Number.isFinite(value) || value <= 0) continue;
      const key = `${name}, ${on}`;
      lines.set(key, [...(lines.get(key) ?? []), [Number(x), value]]);
    }
  }
  const points = [...lines.values()].flat();
  if (points.length === 0) return undefined;
  const [left, top, width, height] = [60, 20, 520, 300];
  const xs = points.map(([x]) => x);
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const decades = points.map(([, y]) => Math.log10(y));
  const [bottom, ceiling] = [Math.floor(Math.min(...decades)), Math.ceil(Math.max(...decades))];
  const along = high / low > wideRange ? Math.log10 : (x: number) => x;
  const xOf = (x: number) => left + ((along(x) - along(low)) / (along(high) - along(low) || 1)) * width;
  const yOf = (y: number) => top + height - ((Math.log10(y) - bottom) / (ceiling - bottom || 1)) * height;

  const grid = Array.from({ length: ceiling - bottom + 1 }, (_, i) => {
    const value = 10 ** (bottom + i);
    const y = yOf(value).toFixed(1);
    return `<line x1="${left}" x2="${left + width}" y1="${y}" y2="${y}" stroke="${ink}" opacity=".35"/>${text(left - 6, Number(y) + 4, String(value), "end")}`;
  });
  const ticks = [...new Set(xs)].map((x) => text(xOf(x), top + height + 18, x.toLocaleString("en"), "middle"));
  const drawn = [...lines].map(([key, line], i) => {
    const colour = colours[i % colours.length] ?? ink;
    const path = line.map(([x, y]) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(" ");
    const name = `<text x="${left + width + 12}" y="${top + 14 + i * 18}" fill="${colour}">${key}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${name}`;
  });
  const says = [text(left + width / 2, top + height + 38, xSays, "middle"), text(left, 12, ySays, "end")];
  return svg(`${ySays} over ${xSays}`, left + width + 150, top + height + 46, [...grid, ...ticks, ...drawn, ...says]);
}

function text(x: number, y: number, says: string, anchor: "end" | "middle"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${ink}">${says}</text>`;
}

function svg(title: string, width: number, height: number, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`;
  return `${open}\n<title>${title}</title>\n${parts.join("\n")}\n</svg>\n`;
}
