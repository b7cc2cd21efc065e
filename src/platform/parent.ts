/** Stops a program that npm started when npm has ended. */
import { setInterval } from "node:timers";

const lookEveryMs = 1_000;

/**
 * npm and npx start a program through a shell and pass a signal to that shell only. If the shell does not pass it on,
 * shell and npm end, but the program goes on: a supervisor that stopped npm would leave the system running. So a
 * program that npm started checks whether its parent still runs. A program that a person started in a shell does not
 * check, because it may outlive the shell on purpose.
 */
export function onParentGone(act: () => void, environment: NodeJS.ProcessEnv = process.env): void {
  if (!environment.npm_command) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, lookEveryMs);
  timer.unref();
}
