/**
 * Draws the flowcharts of the documents: the part of Mermaid's language that they use, laid out by dagre, as an SVG in the
 * colours of the page. A line that it does not know is an error, so that no diagram is drawn with a part missing.
 */
import { Graph, layout } from "@dagrejs/dagre";
import { escaped } from "./page.ts";

/** The first line of a label names a part; those behind a break say more of it. */
type Line = { text: string; isFine: boolean };
type Node = { lines: readonly Line[]; shape: "box" | "round"; group?: string };
type Arrow = { from: string; to: string; lines: readonly Line[]; dotted: boolean };
export type Flowchart = {
  direction: "LR" | "TB";
  nodes: Map<string, Node>;
  groups: Map<string, string>;
  arrows: Arrow[];
};

const lineHeight = 18;
const mostLetters = 30;
const widestText = 740;
const nodeText = /^(\w+)(?:\(\[(.*?)\]\)|\["(.*?)"\]|\[(.*?)\])?/;
const arrowText = /^\s*(?:(-\.->|-->)(?:\|(.*?)\|)?|-- (.*?) -->)\s*/;

export function readFlowchart(text: string): Flowchart {
  const [first = "", ...lines] = text.split("\n").map((line) => line.trim());
  const direction = /^flowchart (LR|TD|TB)$/.exec(first)?.[1] === "LR" ? "LR" : "TB";
  if (!first.startsWith("flowchart ")) throw new Error(`"${first}" is no flowchart, and no other diagram can be drawn`);
  const chart: Flowchart = { direction, nodes: new Map(), groups: new Map(), arrows: [] };
  let group: string | undefined;
  for (const line of lines.filter(Boolean)) {
    const opened = /^subgraph (\w+)(?:\["(.*)"\])?$/.exec(line);
    if (opened) {
      const [, id = "", title = id] = opened;
      chart.groups.set(id, title);
      group = id;
    } else if (line === "end") group = undefined;
    else readLine(line, chart, group);
  }
  return chart;
}

function readLine(line: string, chart: Flowchart, group: string | undefined): void {
  let rest = line;
  let from: string | undefined;
  let arrow: Omit<Arrow, "from" | "to"> | undefined;
  while (rest !== "") {
    const [all, id = "", round, quoted, plain] = nodeText.exec(rest) ?? unread(line);
    const label = round ?? quoted ?? plain;
    if (!chart.groups.has(id) && (label !== undefined || !chart.nodes.has(id))) {
      const shape = round === undefined ? "box" : "round";
      chart.nodes.set(id, { lines: linesOf(label ?? id), shape, ...(group && { group }) });
    }
    if (from !== undefined && arrow) chart.arrows.push({ from, to: id, ...arrow });
    from = id;
    rest = rest.slice(all.length);
    if (rest.trim() === "") return;
    const [way, kind, barred, spaced] = arrowText.exec(rest) ?? unread(line);
    arrow = { lines: linesOf(barred ?? spaced ?? ""), dotted: kind === "-.->" };
    rest = rest.slice(way.length);
  }
}

function unread(line: string): never {
  throw new Error(`a line of a diagram cannot be read: ${line}`);
}

function linesOf(label: string): Line[] {
  if (label === "") return [];
  const parts = label.split(/<br\s*\/?>/);
  return parts.flatMap((part, place) => wrapped(part.trim()).map((text) => ({ text, isFine: place > 0 })));
}

/** Lines of at most some thirty letters, because the width of a page is what a diagram lacks first. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < mostLetters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function widthOf(lines: readonly Line[], perLetter: number): number {
  return Math.max(0, ...lines.map(({ text }) => text.length)) * perLetter;
}

/** A chart that asks for left to right goes downwards if it would be wider than the text around it. */
export function renderDiagram(text: string): string {
  const chart = readFlowchart(text);
  const graph = laidOut(chart, chart.direction);
  const isTooWide = chart.direction === "LR" && (graph.graph() as Size).width > widestText;
  return draw(chart, isTooWide ? laidOut(chart, "TB") : graph);
}

function laidOut(chart: Flowchart, rankdir: Flowchart["direction"]): Graph {
  const graph = new Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir, nodesep: 28, ranksep: 44, marginx: 12, marginy: 12 });
  for (const id of chart.groups.keys()) graph.setNode(`group ${id}`, {});
  for (const [id, { lines, group }] of chart.nodes) {
    graph.setNode(id, { width: widthOf(lines, 7.4) + 32, height: lines.length * lineHeight + 20 });
    if (group) graph.setParent(id, `group ${group}`);
  }
  for (const [place, { from, to, lines }] of chart.arrows.entries()) {
    const size = { width: widthOf(lines, 6.6) + 8, height: lines.length * lineHeight, labelpos: "c" };
    for (const [start, end] of pairsOf(chart, from, to)) graph.setEdge(start, end, size, String(place));
  }
  layout(graph);
  return graph;
}

type Size = { width: number; height: number };

function draw(chart: Flowchart, graph: Graph): string {
  const { width, height } = graph.graph() as Size;
  const groups = [...chart.groups].map(([id, title]) => drawGroup(title, boxOf(graph, `group ${id}`)));
  const arrows = chart.arrows.map((arrow, place) => drawArrow(graph, chart, arrow, place));
  const nodes = [...chart.nodes].map(([id, node]) => drawNode(node, boxOf(graph, id)));
  const told = chart.arrows.map(({ from, to, lines }) => {
    const says = lines.length > 0 ? `: ${textOf(lines)}` : "";
    return `${nameOf(chart, from)} → ${nameOf(chart, to)}${says}`;
  });
  return (
    `<svg viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" role="img" aria-label="${escaped(told.join("; "))}">` +
    '<defs><marker id="frame:tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>' +
    `${groups.join("")}${arrows.join("")}${nodes.join("")}</svg>`
  );
}

type Box = { x: number; y: number; width: number; height: number };

/** A group has its title above its parts. */
function boxOf(graph: Graph, id: string): Box {
  const box = graph.node(id) as Box;
  return id.startsWith("group ") ? { ...box, y: box.y - 7, height: box.height + 14 } : box;
}

/** Dagre draws no arrow to a group: unseen arrows from its last parts to the other's first ones keep the two in order. */
function pairsOf(chart: Flowchart, from: string, to: string): [string, string][] {
  const starts = membersOf(chart, from, (arrow) => arrow.from);
  const ends = membersOf(chart, to, (arrow) => arrow.to);
  return starts.flatMap((start) => ends.map((end): [string, string] => [start, end]));
}

/** The parts of a group at which no arrow of its own begins, or none ends; a node is its own only part. */
function membersOf(chart: Flowchart, id: string, side: (arrow: Arrow) => string): string[] {
  if (!chart.groups.has(id)) return [id];
  const members = [...chart.nodes].filter(([, { group }]) => group === id).map(([member]) => member);
  const within = chart.arrows.filter(({ from, to }) => members.includes(from) && members.includes(to));
  return members.filter((member) => !within.some((arrow) => side(arrow) === member));
}

function nameOf(chart: Flowchart, id: string): string {
  const node = chart.nodes.get(id);
  return node ? textOf(node.lines) : (chart.groups.get(id) ?? id);
}

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join(" ");
}

function drawNode({ lines, shape }: Node, { x, y, width, height }: Box): string {
  const corner = shape === "round" ? height / 2 : 6;
  const box = `<rect class="node" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${round(height)}" rx="${round(corner)}"/>`;
  return box + drawText(lines, x, y, "name");
}

function drawGroup(title: string, { x, y, width, height }: Box): string {
  const [left, top] = [x - width / 2, y - height / 2];
  const box = `<rect class="group" x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}" rx="10"/>`;
  return `${box}<text class="title" x="${round(left + 12)}" y="${round(top + 18)}">${escaped(title)}</text>`;
}

function drawArrow(graph: Graph, chart: Flowchart, { from, to, lines, dotted }: Arrow, place: number): string {
  const isOfGroups = chart.groups.has(from) || chart.groups.has(to);
  const edge = isOfGroups ? straight(graph, chart, from, to) : (graph.edge(from, to, String(place)) as Way);
  const way = `<path class="arrow${dotted ? " dotted" : ""}" marker-end="url(#frame:tip)" d="${curveOf(edge.points)}"/>`;
  return way + (lines.length > 0 ? drawText(lines, edge.x ?? 0, edge.y ?? 0, "says") : "");
}

type Way = { points: { x: number; y: number }[]; x?: number; y?: number };

/** From the foot of one to the top of the other, below the middle of the narrower one. */
function straight(graph: Graph, chart: Flowchart, from: string, to: string): Way {
  const [start, end] = [from, to].map((id) => boxOf(graph, chart.groups.has(id) ? `group ${id}` : id)) as [Box, Box];
  const { x } = start.width < end.width ? start : end;
  const [top, foot] = [start.y + start.height / 2, end.y - end.height / 2];
  return {
    points: [
      { x, y: top },
      { x, y: foot },
    ],
    x,
    y: (top + foot) / 2,
  };
}

/** Through the middles of the way's pieces, bent at its corners. */
function curveOf(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const bends = rest.slice(0, -1).map((corner, place) => {
    const next = rest[place + 1] ?? corner;
    const isLast = place === rest.length - 2;
    const end = isLast ? next : { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    return `Q${round(corner.x)} ${round(corner.y)} ${round(end.x)} ${round(end.y)}`;
  });
  const straight = rest.length === 1 ? `L${round(rest[0]?.x ?? 0)} ${round(rest[0]?.y ?? 0)}` : "";
  return `M${round(first.x)} ${round(first.y)}${bends.join("")}${straight}`;
}

function drawText(lines: readonly Line[], x: number, y: number, kind: "name" | "says"): string {
  const top = y - ((lines.length - 1) * lineHeight) / 2 + 4.5;
  const spans = lines.map(({ text, isFine }, place) => {
    const style = isFine ? ' class="fine"' : "";
    return `<tspan${style} x="${round(x)}" y="${round(top + place * lineHeight)}">${escaped(text)}</tspan>`;
  });
  return `<text class="${kind}">${spans.join("")}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
