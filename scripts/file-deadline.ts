/**
 * Ends a test file that hangs. Node's `--test-timeout` fails a single test, but a process that a forgotten server or
 * browser keeps alive would wait for ever. Loaded into every process of the test run by `--import`.
 */

/** Ten minutes: the longest drills take a few, so only something that hangs is cut off. */
const LIMIT_MS = Number(process.env.HOLDFAST_TEST_FILE_MS ?? 600_000);

// The runner itself waits for all files together; only the processes that it starts have this set.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const kept = [...new Set(process.getActiveResourcesInfo())].join(', ');
    process.stderr.write(
      `holdfast: ${process.argv[1]} did not end within ${LIMIT_MS / 1000} s; kept alive by: ${kept}\n`,
    );
    process.exit(1);
  }, LIMIT_MS).unref();
}
