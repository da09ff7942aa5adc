/** The page shows the stored results and nothing else. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PAGE, PICTURE_FILE, pageWith, RESULTS_FILE, readResults } from '../report/docs.ts';
import { drawSvg } from '../report/svg.ts';
import { judge } from '../report/targets.ts';
import type { Results, Round, SystemResult } from '../results.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function round(requestsPerSecond: number, cpuMicroseconds: number): Round {
  return { requestsPerSecond, cpuMicroseconds, p50: 1, p99: 2, max: 3, writesPerRequest: null, foreign: 0 };
}

function system(name: string, rounds: readonly Round[]): SystemResult {
  const rest = { title: name, group: 'ours', sessions: 1, bodyBytes: 1, idleMiB: 131, loadedMiB: 200 } as const;
  return { name, ...rest, readyMs: 900, rounds };
}

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

test('a target is judged by the median of the rounds, and what was not measured is neither met nor missed', () => {
  const systems = [
    system('raw-http', [round(100, 10), round(100, 10), round(100, 10)]),
    system('library-sqlite', [round(51, 19), round(52, 19), round(10, 90)]),
    system('service-sqlite', [round(40, 25)]),
  ];
  const verdicts = judge({ systems, drills: [{ name: 'hashing', value: 1.6, detail: '' }] } as unknown as Results);
  const met = (words: string) => verdicts.find(({ what }) => what.includes(words))?.met;
  assert.equal(met('library'), true);
  assert.equal(met('Fastify JSON'), null);
  assert.equal(met('memory idle'), false);
  assert.equal(met('ready'), true);
  assert.equal(met('hash in parallel'), false);
});
