/** Keeps values in the browser for this shop. A browser that keeps nothing (private windows, full disks) loses only comfort. */
export const kept = {
  read<T>(name: string): T | undefined {
    try {
      const text = localStorage.getItem(`dropgate:${name}`);
      return text === null ? undefined : (JSON.parse(text) as T);
    } catch {
      return undefined;
    }
  },
  write(name: string, value: unknown): void {
    try {
      localStorage.setItem(`dropgate:${name}`, JSON.stringify(value));
    } catch {
      // Kept in the page only.
    }
  },
  forget(name: string): void {
    try {
      localStorage.removeItem(`dropgate:${name}`);
    } catch {
      // There was nothing kept.
    }
  },
  /** All whose name begins with it. */
  forgetAll(prefix: string): void {
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(`dropgate:${prefix}`)) localStorage.removeItem(key);
      }
    } catch {
      // There was nothing kept.
    }
  },
};

/** Another tab of the shop has changed what is kept under this name. */
export function onKeptElsewhere(name: string, listener: () => void): () => void {
  const heard = ({ key }: StorageEvent) => key === `dropgate:${name}` && listener();
  addEventListener("storage", heard);
  return () => removeEventListener("storage", heard);
}
