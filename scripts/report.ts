/** How every check ends: with a count when all is well, or with each problem on a line of its own. */

/** Prints the outcome of a check and sets the exit code. */
export function report(what: string, problems: readonly string[]): void {
  if (problems.length === 0) {
    process.stdout.write(`${what}: all well\n`);
    return;
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stderr.write(`${what}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n`);
  process.exitCode = 1;
}
