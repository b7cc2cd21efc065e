/**
 * Remembers the newest epoch of each product that this process has met at the gate. An epoch only grows, so an older one
 * is a copy that came back in place: the keys of a backup, or a swapped database. Redis keeps its scripts then, so the
 * copy is of the present life; but the books fence its orders, so none of them may be promised.
 */
export type Epochs = {
  /** The gate has this epoch, or it had it at the time of an earlier answer. */
  met(productId: string, epoch: number): void;
  /** This process has met a newer one. */
  isPast(productId: string, epoch: number): boolean;
};

export function createEpochs(): Epochs {
  const newest = new Map<string, number>();
  return {
    met(productId, epoch) {
      if (epoch > (newest.get(productId) ?? 0)) newest.set(productId, epoch);
    },
    isPast: (productId, epoch) => epoch < (newest.get(productId) ?? 0),
  };
}
