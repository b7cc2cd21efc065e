/**
 * Solves the proof of work that a line may ask for: finds a number so that SHA-256 of the challenge, a colon and the number
 * begins with so many zero bits. The hash is its own, because a browser's is asked one text at a time and answers later.
 */

/** Numbers that are tried before others get a turn: a few milliseconds. */
const triedAtOnce = 2_048;

/** The challenge, a colon and the number: what the header `Join-Work` carries. */
export async function solveWork(challenge: string, bits: number): Promise<string> {
  const bytes = new TextEncoder().encode(`${challenge}:`);
  const blocks = bytes.length - (bytes.length % 64);
  const start = state0.slice();
  const words = new Int32Array(64);
  for (let at = 0; at < blocks; at += 64) digest(start, wordsOf(bytes.subarray(at, at + 64), words));
  const tail = bytes.subarray(blocks);
  for (let number = 0; ; number += 1) {
    if (firstWord(start, tail, String(number), bytes.length, words) >>> (32 - bits) === 0)
      return `${challenge}:${number}`;
    if (number % triedAtOnce === triedAtOnce - 1) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** The first 32 bits of the hash of the text that ends with this number. */
function firstWord(start: Int32Array, tail: Uint8Array, number: string, before: number, words: Int32Array): number {
  const length = tail.length + number.length;
  const end = new Uint8Array(length + 9 > 64 ? 128 : 64);
  end.set(tail);
  for (let i = 0; i < number.length; i += 1) end[tail.length + i] = number.charCodeAt(i);
  end[length] = 0x80;
  new DataView(end.buffer).setUint32(end.length - 4, (before + number.length) * 8);
  const state = start.slice();
  for (let at = 0; at < end.length; at += 64) digest(state, wordsOf(end.subarray(at, at + 64), words));
  return state[0] as number;
}

function wordsOf(block: Uint8Array, words: Int32Array): Int32Array {
  const view = new DataView(block.buffer, block.byteOffset);
  for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(4 * i);
  return words;
}

/** FIPS 180-4, section 6.2.2: one block into the state. */
function digest(state: Int32Array, w: Int32Array): void {
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [w[i - 15] as number, w[i - 2] as number];
    const s0 = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
    const s1 = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + (rounds[i] as number) + (w[i] as number)) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] = (state[i] as number) + value;
  });
}

function turned(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

/** The first 32 bits of the fractional part of a root: of the square roots of primes, and of the cube roots. */
function partsOf(root: (prime: number) => number, count: number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => ((root(prime) % 1) * 2 ** 32) | 0);
}
const state0 = partsOf(Math.sqrt, 8);
const rounds = partsOf(Math.cbrt, 64);
