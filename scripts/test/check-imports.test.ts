/** The import check finds each kind of breach, and nothing in code that keeps the table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importProblems } from '../check-imports.ts';
import { importsOf } from '../source-files.ts';
import { folderWith } from './fixture.ts';

const SRC = 'packages/holdfast/src';

test('code that keeps the table has no problems', (t) => {
  const root = folderWith(t, {
    [`${SRC}/protocol/names.ts`]: 'export const A = 1;\n',
    [`${SRC}/core/engine.ts`]: "import { A } from '../protocol/names.ts';\nexport const B = A;\n",
    [`${SRC}/runtime/node.ts`]: "import { hash } from 'node:crypto';\nimport { B } from '../core/engine.ts';\n",
    [`${SRC}/index.ts`]: "export { B } from './core/engine.ts';\nexport { x } from './runtime/node.ts';\n",
    'packages/server/src/main.ts': "import fastify from 'fastify';\nimport { B } from 'holdfast';\n",
    'examples/one/app.ts': "import { B } from 'holdfast';\nimport { join } from 'node:path';\n",
  });
  assert.deepEqual(importProblems(root), []);
});

const BREACHES: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, RegExp]> = [
  [
    'a lower layer that imports a higher one',
    {
      [`${SRC}/core/a.ts`]: "import type { S } from '../stores/s.ts';\n",
      [`${SRC}/stores/s.ts`]: 'export type S = 1;\n',
    },
    /core\/a\.ts:1: must not import from packages\/holdfast\/src\/stores/,
  ],
  [
    'a store that imports a binding, over several lines',
    {
      [`${SRC}/stores/a.ts`]: "import {\n  s,\n} from '../http/s.ts';\n",
      [`${SRC}/http/s.ts`]: 'export const s = 1;\n',
    },
    /stores\/a\.ts:1: must not import from/,
  ],
  ['Node in the core', { [`${SRC}/core/a.ts`]: "import { hash } from 'node:crypto';\n" }, /imports node:crypto/],
  [
    'Node in the core by a dynamic import',
    { [`${SRC}/core/a.ts`]: "const c = await import('node:crypto');\n" },
    /node:crypto/,
  ],
  [
    'a dependency in the library',
    { [`${SRC}/http/a.ts`]: "import fastify from 'fastify';\n" },
    /must not import fastify/,
  ],
  [
    'a reach into another package',
    { 'packages/server/src/a.ts': "import { A } from '../../holdfast/src/core/a.ts';\n", [`${SRC}/core/a.ts`]: '' },
    /reaches into packages\/holdfast/,
  ],
  [
    'an entry of the library that is not public',
    { 'packages/server/src/a.ts': "import { A } from 'holdfast/core/a';\n" },
    /must not import holdfast\/core\/a/,
  ],
  [
    'a file that is not there',
    { [`${SRC}/core/a.ts`]: "import { A } from './gone.ts';\n" },
    /gone\.ts, which does not exist/,
  ],
  ['a folder without a rule', { [`${SRC}/helpers/a.ts`]: '' }, /no rule says/],
  [
    'a cycle between files',
    {
      [`${SRC}/core/a.ts`]: "import './b.ts';\n",
      [`${SRC}/core/b.ts`]: "import './c.ts';\n",
      [`${SRC}/core/c.ts`]: "export { x } from './a.ts';\n",
    },
    /cycle: .*a\.ts → .*b\.ts → .*c\.ts → .*a\.ts/,
  ],
];

for (const [what, files, wanted] of BREACHES) {
  test(`the import check finds ${what}`, (t) => {
    const problems = importProblems(folderWith(t, files));
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] as string, wanted);
  });
}

test('imports in comments are examples, not imports', () => {
  assert.deepEqual(
    importsOf("/**\n * import { a } from 'fastify';\n */\n// import('x')\nimport { b } from './b.ts';\n"),
    [{ specifier: './b.ts', line: 5 }],
  );
});
