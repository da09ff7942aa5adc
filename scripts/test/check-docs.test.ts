/** The document check finds dead links, unknown commands, stale references and code that does not compile. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codeProblems, commandProblems, holdfastProblems, linkProblems, referenceProblems } from '../check-docs.ts';
import { anchors, links } from '../markdown.ts';
import { folderWith } from './fixture.ts';

test('links to files and headings that exist are fine, others are named with their line', (t) => {
  const root = folderWith(t, {
    'README.md': '# Top\n[a](docs/a.md) [b](docs/a.md#two-words) [c](#top) [d](https://example.com/x)\n',
    'docs/a.md': '## Two words\n[gone](../gone.md)\n[up](../README.md#bottom)\n```md\n[not](a-link.md)\n```\n',
  });
  assert.deepEqual(linkProblems(root, ['README.md', 'docs/a.md']), [
    'docs/a.md:2: gone.md does not exist',
    'docs/a.md:3: README.md has no heading #bottom',
  ]);
});

test('anchors are made as readers of the pages expect', () => {
  const page = '# A `code`, and (more)!\n## Same\n## Same\n### [Link](x.md) here\n';
  assert.deepEqual([...anchors(page)], ['a-code-and-more', 'same', 'same-1', 'link-here']);
});

test('links in inline code are not links', () => {
  assert.deepEqual(links('`[x](y.md)` and [z](w.md)\n'), [{ path: 'w.md', anchor: null, line: 1 }]);
});

test('a command that package.json does not have is a problem', (t) => {
  const root = folderWith(t, {
    'package.json': JSON.stringify({ scripts: { start: 'x', 'a:b': 'y' } }),
    'README.md': 'Run `npm start`, `npm run a:b`\nand `npm test` or `npm run --silent fly -- --far`.\n',
  });
  assert.deepEqual(commandProblems(root, ['README.md']), [
    'README.md:2: package.json has no script test',
    'README.md:2: package.json has no script fly',
  ]);
});

test('a command or an option that holdfast does not have is a problem, and the bare word is not', (t) => {
  const root = folderWith(t, {
    'main.ts': "program.command('serve').option('--workers <n>', 'x');\nkeys.command('keys').command('status');\n",
    'a.md': 'The `holdfast` library. `holdfast/http`, `holdfast serve --workers 2`, `holdfast keys status`.\n',
    'b.md':
      '```sh\nholdfast keys fly\nnpm run holdfast -- serve --wings 2\nholdfast serve   # works\n```\nRun `holdfast sing`.\n',
  });
  assert.deepEqual(holdfastProblems(root, ['a.md', 'b.md'], 'main.ts'), [
    'b.md:2: there is no command holdfast fly',
    'b.md:3: no command has the option --wings',
    'b.md:6: there is no command holdfast sing',
  ]);
});

test('a reference page that differs from its sources is stale', (t) => {
  const root = folderWith(t, { 'docs/a.md': 'old\n', 'docs/b.md': 'same\n' });
  const wanted = new Map([
    ['docs/a.md', 'new\n'],
    ['docs/b.md', 'same\n'],
  ]);
  assert.deepEqual(referenceProblems(root, wanted), ['docs/a.md: not what the sources say; run: npm run docs']);
});

test('code in a page is compiled against the library', (t) => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const page = relative(root, join(folder, 'page.md'));
  const good = "```ts\nimport { REASONS } from 'holdfast/protocol';\nconst text: string = REASONS.revoked;\n```\n";
  writeFileSync(join(root, page), `${good}${good.replace('string', 'number')}`);
  const problems = codeProblems(root, [page]);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] as string, /page\.md:5: in its code\(2,7\): error TS2322/);
});
