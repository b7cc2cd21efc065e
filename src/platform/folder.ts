import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder where there is none, and sees that this user may write in it.
 * @throws Error that says who may not write where, and what to do: a first run as root leaves folders behind in which
 * the next user cannot write.
 */
export function openFolder(path: string, { mode }: { mode: number }): void {
  try {
    // The mode is for the folder alone: another part's server may run as a user that has to pass through those above.
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

/** The folder itself, or the one above it that is there. */
function nearest(path: string): string {
  const whole = resolve(path);
  return existsSync(whole) || dirname(whole) === whole ? whole : nearest(dirname(whole));
}
