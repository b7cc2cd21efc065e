/** Counts how long answers took in classes that grow by 9 %, so that a percentile costs no list of them. */

export type Latencies = {
  add(ms: number): void;
  /** The upper end of the class in which the percentile is; null if there is none. Begins anew. */
  take(share: number): number | null;
};

const classesAnOctave = 8;
const leastMs = 0.125;
const classCount = 18 * classesAnOctave;

export function createLatencies(): Latencies {
  const counts = new Uint32Array(classCount);
  let all = 0;
  return {
    add(ms) {
      const at = Math.ceil(Math.log2(ms / leastMs) * classesAnOctave);
      const place = Math.max(0, Math.min(classCount - 1, at));
      counts[place] = (counts[place] ?? 0) + 1;
      all += 1;
    },
    take(share) {
      const wanted = Math.ceil(all * share);
      let seen = 0;
      const at = counts.findIndex((count) => {
        seen += count;
        return wanted > 0 && seen >= wanted;
      });
      counts.fill(0);
      all = 0;
      return at < 0 ? null : leastMs * 2 ** (at / classesAnOctave);
    },
  };
}
