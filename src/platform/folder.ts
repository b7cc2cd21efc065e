/** Creates a folder for data, or says which user cannot write in it. */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Creates a missing folder, and checks that this user may write in it.
 * @throws Error that names the user, the folder and what to do: a first run as root leaves folders in which the next
 * user cannot write.
 */
export function openFolder(path: string, { mode }: { mode: number }): void {
  try {
    // The mode is for this folder only: the server of another engine may run as a user that has to pass through its
    // parents.
    mkdirSync(dirname(resolve(path)), { recursive: true });
    mkdirSync(path, { recursive: true, mode });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const user = process.getuid?.() ?? "USER";
    const { code } = cause as NodeJS.ErrnoException;
    const advice = `sudo chown -R ${user} ${nearest(path)} gives it to that user; or remove it, or set another DATA_DIR`;
    throw new Error(`user ${user} cannot write in ${path} (${code}): ${advice}`, { cause });
  }
}

/** The folder itself, or its nearest parent that exists. */
function nearest(path: string): string {
  const whole = resolve(path);
  return existsSync(whole) || dirname(whole) === whole ? whole : nearest(dirname(whole));
}
