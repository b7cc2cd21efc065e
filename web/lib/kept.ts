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
  /** All names that begin with it. */
  names(prefix: string): string[] {
    try {
      const own = Object.keys(localStorage).filter((key) => key.startsWith(`dropgate:${prefix}`));
      return own.map((key) => key.slice("dropgate:".length));
    } catch {
      return [];
    }
  },
};

/** Another tab of the shop has changed what is kept under a name that begins with it. */
export function onKeptElsewhere(prefix: string, listener: () => void): () => void {
  const heard = ({ key }: StorageEvent) => key?.startsWith(`dropgate:${prefix}`) && listener();
  addEventListener("storage", heard);
  return () => removeEventListener("storage", heard);
}
