/** The check of the bundles notices what is too large and what belongs to servers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Budget, bundleProblems } from '../check-bundles.ts';

const CLIENT: Budget = {
  name: 'client',
  entries: ['client/index.ts'],
  bytes: 10_000,
  folders: ['client', 'protocol'],
};

test('a bundle within its budget is no problem, and its size is told', async () => {
  const { problems, sizes } = await bundleProblems([CLIENT]);
  assert.deepEqual(problems, []);
  const bytes = sizes.get('client') ?? 0;
  assert.ok(bytes > 1000 && bytes < 10_000, `${bytes} bytes`);
});

test('too many bytes are a problem, also beyond those of another bundle', async () => {
  const second: Budget = {
    ...CLIENT,
    name: 'second',
    entries: ['client/index.ts', 'http/index.ts'],
    besides: 'client',
  };
  const { problems } = await bundleProblems([
    { ...CLIENT, bytes: 100 },
    { ...second, bytes: 100, folders: ['client', 'protocol', 'http', 'core'] },
  ]);
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /^client: \d+ bytes, minified and compressed; at most 100 are allowed$/);
  assert.match(problems[1] ?? '', /^second: \d+ bytes more than client/);
});

test('files and words of servers inside are problems', async () => {
  const { problems } = await bundleProblems([
    { ...CLIENT, entries: ['stores/sqlite.ts'], bytes: 100_000, external: [/^node:/], without: [/\bWAL\b/i] },
  ]);
  assert.ok(problems.some((problem) => problem.includes('holds stores/sqlite.ts')));
  assert.ok(problems.some((problem) => problem.includes('says "node:"')));
  assert.ok(problems.some((problem) => /says "wal"/i.test(problem)));
});
