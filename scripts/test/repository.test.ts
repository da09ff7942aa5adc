/** This very repository keeps its own rules: what `npm run check` proves without compiling is proven in the tests too. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandProblems, holdfastProblems, linkProblems, referenceProblems } from '../check-docs.ts';
import { exportProblems } from '../check-exports.ts';
import { importProblems } from '../check-imports.ts';
import { missingEntries } from '../lockfile.ts';
import { referencePages } from '../reference-pages.ts';
import { filesBelow } from '../source-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = filesBelow(ROOT, '.', ['.md']);

test('every source imports only what the table in ARCHITECTURE.md allows, and none in a circle', () => {
  assert.deepEqual(importProblems(ROOT), []);
});

test('every public entry exists, every public name is documented and listed', () => {
  assert.deepEqual(exportProblems(ROOT), []);
});

test('every link in the documents leads somewhere, every command in them exists', () => {
  assert.deepEqual(linkProblems(ROOT, PAGES), []);
  assert.deepEqual(commandProblems(ROOT, PAGES), []);
  assert.deepEqual(holdfastProblems(ROOT, PAGES, 'packages/server/src/cli/main.ts'), []);
});

test('the reference pages say what the sources say', async () => {
  assert.deepEqual(referenceProblems(ROOT, await referencePages(ROOT)), []);
});

test('npm ci finds every package of the lockfile, on every platform', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(missingEntries(lock.packages)), []);
});

test('what the continuous integration runs is what the README calls the tests', () => {
  const script = join(ROOT, '.ci', 'run');
  assert.equal(statSync(script).mode & 0o111, 0o111);
  assert.match(readFileSync(script, 'utf8'), /^exec timeout .* npm test <\/dev\/null$/m);
  assert.match(readFileSync(join(ROOT, 'README.md'), 'utf8'), /^npm test {2,}#/m);
});
