/** A target is judged by what the run measured, and by nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, missedPairs, type Verdict } from '../report/targets.ts';
import type { Results, Round, SystemResult } from '../results.ts';

function round(requestsPerSecond: number, p99 = 2, foreign = 0): Round {
  return {
    requestsPerSecond,
    cpuMicroseconds: 1e6 / requestsPerSecond,
    p50: 1,
    p99,
    max: 3,
    writesPerRequest: null,
    foreign,
  };
}

function system(name: string, group: SystemResult['group'], rounds: readonly Round[]): SystemResult {
  const rest = { title: name, sessions: 1, bodyBytes: 1, idleMiB: 131, loadedMiB: 200 } as const;
  return { name, group, ...rest, readyMs: 900, rounds };
}

function resultsOf(part: Partial<Results>): Results {
  return { systems: [], drills: [], bytes: [], setup: { foreignLimit: 0.1 }, ...part } as unknown as Results;
}

function verdict(results: Results, words: string): Verdict {
  const found = judge(results).find(({ what }) => what.includes(words));
  assert.ok(found, words);
  return found;
}

const SYSTEMS = [
  system('raw-http', 'floor', [round(100, 10), round(100, 10), round(100, 10)]),
  system('library-sqlite', 'ours', [round(51), round(52), round(10)]),
  system('library-redis-l1', 'ours', [round(79, 21), round(79, 21), round(99, 5)]),
  system('library-redis', 'ours', [round(70)]),
  system('express-redis', 'peer', [round(30)]),
  system('service-sqlite', 'ours', [round(40)]),
];

test('a ratio is the median of the rounds, and what was not measured is neither met nor missed', () => {
  const results = resultsOf({ systems: SYSTEMS });
  assert.equal(verdict(results, '`resolve` on SQLite').met, true);
  assert.equal(verdict(results, '`resolve`, Redis with L1').met, false);
  assert.equal(verdict(results, 'SQLite ÷ Fastify JSON').met, null);
  assert.equal(verdict(results, 'memory idle').met, false);
  assert.equal(verdict(results, 'ready').met, true);
});

test('rounds in which other programs were busy do not count, and without any other nothing is judged', () => {
  const floor = system('raw-http', 'floor', [round(100), round(100)]);
  const library = (...rounds: readonly Round[]) =>
    resultsOf({ systems: [floor, system('library-sqlite', 'ours', rounds)] });
  assert.equal(verdict(library(round(60), round(10, 2, 0.5)), '`resolve` on SQLite').met, true);
  const disturbed = verdict(library(round(60, 2, 0.5), round(60, 2, 0.5)), '`resolve` on SQLite');
  assert.equal(disturbed.met, null);
  assert.match(disturbed.measured, /^0\.60 .* while other programs were busy$/);
});

test('latency is judged by the 99th percentiles of the same round', () => {
  const results = resultsOf({ systems: SYSTEMS });
  assert.equal(verdict(results, 'p99 at the fixed rate, library on Redis with L1').met, false);
  assert.match(verdict(results, 'p99 at the fixed rate, library on Redis with L1').measured, /^2\.10 \(21 ÷ 10 µs\)/);
  assert.equal(verdict(results, 'p99 at the fixed rate, library on Redis without L1').met, null);
});

test('a drill is judged by its figure', () => {
  const results = resultsOf({ drills: [{ name: 'hashing', value: 1.6, detail: '' }] });
  assert.equal(verdict(results, 'hash in parallel').met, false);
  assert.equal(verdict(results, 'revocation refused by every process, p99, Redis').met, null);
});

test('bytes per session are judged with a million sessions, because a few thousand fill no bucket', () => {
  const bytesOf = (sessions: number) =>
    resultsOf({ bytes: [{ title: 'holdfast, Redis', sessions, bytesPerSession: 90 }] });
  assert.equal(verdict(bytesOf(1_000_000), 'bytes per session').met, true);
  assert.equal(verdict(bytesOf(20_000), 'bytes per session').met, null);
});

test('a profile is asked for once for each pair of ours and a floor whose target was missed', () => {
  assert.deepEqual(missedPairs(resultsOf({ systems: SYSTEMS })), [{ ours: 'library-redis-l1', floor: 'raw-http' }]);
});
