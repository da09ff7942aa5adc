/** Fails a test run that left something out: skipped or unfinished tests, or no tests at all. */
import type { TestEvent } from 'node:test/reporters';

/** A reporter for Node's test runner: silent while every test ran, and otherwise one sentence and a failing exit code. */
export default async function* wholeRunReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let tests = 0;
  const leftOut: string[] = [];
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, skip, todo, details } = event.data;
    if (skip !== undefined && skip !== false) leftOut.push(name);
    else if (todo !== undefined && todo !== false) leftOut.push(name);
    else if (details.type !== 'suite') tests++;
  }
  if (leftOut.length > 0) {
    process.exitCode = 1;
    yield `holdfast: ${leftOut.length} tests were skipped, which this repository does not allow: ${leftOut.join(', ')}\n`;
  } else if (tests === 0) {
    process.exitCode = 1;
    yield 'holdfast: no test ran; check the names of the files.\n';
  }
}
