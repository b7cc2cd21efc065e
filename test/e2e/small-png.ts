/** Pictures of pages with a palette of 128 colours: a quarter of the bytes, and to the eye the same. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const mostColours = 128;

/** Of a picture as Chromium writes it: eight bits a channel, three or four channels, not interlaced. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const { palette, indexOf } = paletteOf(pixels);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, from = 0, to = 0; y < height; y += 1) {
    to += 1;
    for (let x = 0; x < width; x += 1, from += 1, to += 1) rows[to] = indexOf(pixels[from] as number);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([signature, chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND")]);
}

/**
 * Each next colour of the palette is the one that the palette so far would miss most: its distance counts, and its use by
 * the root alone, so that the few pixels of a dot or of an error keep their colour.
 */
function paletteOf(pixels: Uint32Array): { palette: number[]; indexOf(pixel: number): number } {
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const missed = [...counts].map(([colour, count]) => ({
    colour,
    use: Math.sqrt(count),
    distance: Number.POSITIVE_INFINITY,
    nearest: 0,
  }));
  const palette: number[] = [];
  let next = missed.reduce((most, one) => (one.use > most.use ? one : most));
  while (palette.length < mostColours && next.distance > 0) {
    const index = palette.push(next.colour) - 1;
    for (const one of missed) {
      const distance = distanceOf(one.colour, next.colour);
      if (distance < one.distance) Object.assign(one, { distance, nearest: index });
    }
    next = missed.reduce((most, one) => (one.use * one.distance > most.use * most.distance ? one : most));
  }
  const index = new Map(missed.map(({ colour, nearest }) => [colour, nearest]));
  return { palette, indexOf: (pixel) => index.get(pixel) ?? 0 };
}

function distanceOf(one: number, other: number): number {
  const [red, green, blue] = [16, 8, 0].map((bits) => ((one >> bits) & 255) - ((other >> bits) & 255));
  return (red ?? 0) ** 2 + (green ?? 0) ** 2 + (blue ?? 0) ** 2;
}

function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const [depth, kind] = [png[24], png[25]];
  if (depth !== 8 || (kind !== 2 && kind !== 6)) throw new Error(`a PNG of depth ${depth} and kind ${kind}`);
  const channels = kind === 2 ? 3 : 4;
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const rows = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = rows.readUIntBE(i * channels, 3);
  return { width, height, pixels };
}

/** The filters of PNG: each byte is told by the ones to its left, above, and above to the left. */
function unfiltered(filtered: Buffer, stride: number, height: number, step: number): Buffer {
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < step ? 0 : (rows[at - step] as number);
      const up = y === 0 ? 0 : (rows[at - stride] as number);
      const corner = x < step || y === 0 ? 0 : (rows[at - stride - step] as number);
      const told = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0;
      rows[at] = (filtered[y * (stride + 1) + 1 + x] as number) + told;
    }
  }
  return rows;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function chunk(name: string, data = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
