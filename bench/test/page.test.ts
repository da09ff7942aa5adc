/** The page shows the stored results and nothing else. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PAGE, PICTURE_FILE, pageWith, RESULTS_FILE, readResults } from '../report/docs.ts';
import { drawSvg } from '../report/svg.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test('the page and the picture are what the stored results give', () => {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  assert.ok(existsSync(join(ROOT, RESULTS_FILE)));
  const results = readResults(ROOT);
  assert.equal(pageWith(page, results), page, 'run: npm run bench -- --docs-only');
  assert.equal(readFileSync(join(ROOT, PICTURE_FILE), 'utf8'), drawSvg(results));
});

test('a page without the place for a table is refused, because its old figures would stay', () => {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  assert.throws(() => pageWith(page.replace('<!-- end of bytes -->', ''), readResults(ROOT)), /marks around bytes/);
});
