/** The export check finds entries without source, names without comment, and a list that is out of date. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { EXPORTS_PAGE, exportProblems, exportsPage } from '../check-exports.ts';
import { entries, exportedNames } from '../public-names.ts';
import { folderWith } from './fixture.ts';

const GOOD = {
  'packages/holdfast/package.json': JSON.stringify({
    exports: { '.': { 'holdfast-source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
  }),
  'packages/holdfast/src/index.ts':
    "/** Root. */\nexport { hold, type Hold as Grip } from './core/hold.ts';\n\n/** One. Two. */\nexport const ONE = 1;\n",
  'packages/holdfast/src/core/hold.ts':
    '/** A file. */\n\n/** Holds: fast. */\nexport async function hold(): Promise<void> {}\n\n/** A {@link hold}. */\nexport interface Hold {}\n',
};

function writePage(root: string): void {
  mkdirSync(dirname(join(root, EXPORTS_PAGE)), { recursive: true });
  writeFileSync(join(root, EXPORTS_PAGE), exportsPage(entries(root)));
}

test('an entry that exists, is documented and is listed has no problems', (t) => {
  const root = folderWith(t, GOOD);
  writePage(root);
  assert.deepEqual(exportProblems(root), []);
  assert.match(exportsPage(entries(root)), /\| `Grip` \| interface \| A `hold`\. \|\n\| `ONE` \| const \| One\. \|/);
});

test('a name that is new or gone shows as a change of the list', (t) => {
  const root = folderWith(t, GOOD);
  writePage(root);
  writeFileSync(join(root, 'packages/holdfast/src/index.ts'), '/** One. */\nexport const ONE = 1;\n');
  assert.deepEqual(exportProblems(root), [
    `${EXPORTS_PAGE}: the public names have changed; if that is meant, run: npm run docs`,
  ]);
});

test('a public name without a doc comment is a problem', (t) => {
  const hold = 'export const hold = 1;\nexport type Hold = 1;\n';
  const root = folderWith(t, { ...GOOD, 'packages/holdfast/src/core/hold.ts': hold });
  writePage(root);
  assert.deepEqual(exportProblems(root), [
    'packages/holdfast/src/core/hold.ts: the public Grip has no doc comment',
    'packages/holdfast/src/core/hold.ts: the public hold has no doc comment',
  ]);
});

test('an entry without a source, or with a target that the build does not write, is a problem', (t) => {
  const field = {
    './gone': { 'holdfast-source': './src/gone.ts', types: './dist/gone.d.ts', default: './dist/else.js' },
  };
  const root = folderWith(t, { ...GOOD, 'packages/holdfast/package.json': JSON.stringify({ exports: field }) });
  writePage(root);
  assert.deepEqual(exportProblems(root), [
    './gone in package.json: its source packages/holdfast/src/gone.ts does not exist',
    './gone in package.json: "default" should be packages/holdfast/dist/gone.js',
  ]);
});

test('a document that imports an unknown entry is a problem', (t) => {
  const root = folderWith(t, { ...GOOD, 'README.md': "```ts\nimport { x } from 'holdfast/stores/paper';\n```\n" });
  writePage(root);
  assert.deepEqual(exportProblems(root), ['README.md: holdfast/stores/paper is not an entry of the library']);
});

test('export * is refused, because it hides what is public', (t) => {
  const root = folderWith(t, { 'a.ts': "export * from './b.ts';\n" });
  assert.throws(() => exportedNames(root, 'a.ts'), /name the exports/);
});
