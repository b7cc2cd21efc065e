/**
 * Keeps Node's test runner from following each promise, and is imported before it. The runner does so by a hook, to name
 * the test of an error that no test awaits: half of the processor time of a saga's tests, a third of the simulation's.
 * It still follows timers, sockets and the like. Such an error still fails its file, and is printed with its stack.
 */
import hooks from "node:async_hooks";

// The runner loads this file too; only the processes of test files have this variable.
if (process.env.NODE_TEST_CONTEXT) {
  const { createHook } = hooks;
  hooks.createHook = (options) => {
    // The first caller is the runner; what others follow is theirs to say.
    hooks.createHook = createHook;
    return createHook({ ...options, trackPromises: false });
  };
  for (const event of ["unhandledRejection", "uncaughtExceptionMonitor"])
    process.on(event, (error) => console.error(error));
}
