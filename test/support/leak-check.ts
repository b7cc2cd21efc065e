/**
 * For `node --test --import=./test/support/leak-check.ts`: a test file that still runs after its last test fails, and
 * reports what it left open. Otherwise a file that leaked a timer or a socket would hang the run for ever, because
 * --test-timeout bounds tests and not files.
 */
import "./unfollowed-promises.ts";

// A static import would load the runner first.
const { after } = await import("node:test");

/** The limit for `after` hooks: to stop the whole system takes 25 s at most. */
const closeWithinMs = 40_000;

// The runner loads this file too; only the processes of test files have this variable.
if (process.env.NODE_TEST_CONTEXT) {
  after(() => {
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(", ");
      console.error(`${process.argv[1]} still runs ${closeWithinMs} ms after its last test; open: ${open}`);
      process.exit(1);
    }, closeWithinMs).unref();
    // Everything is reported by then. Without this Node closes what is left, and waits for it without end if a request of
    // a cut connection never answers: seen once in Environment::CleanupHandles of Node 24.21, with the file's core busy.
    process.on("exit", () => process.exit());
  });
}
