/**
 * The layered store keeps its promises in every order of calls, with something going wrong at every place.
 *
 * Explored is each program of layered-programs.ts: two or three processes over one front and one back, two or three operations at
 * the same time, of which the schedule turns from one to another at most as often as the program says (`switches`), with
 * one thing going wrong (two or three where `faults` says so) before or after any call. Within these bounds it is all of
 * them: about 30,000 runs. What takes longer histories is in layered-histories.test.ts. The runs are played in threads
 * of their own, past the test runner's accounting of promises, which takes longer than they do.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Explored } from './layered-explorer.ts';
import type { Outcome } from './layered-explorer-thread.ts';
import { programs } from './layered-programs.ts';

function exploreInThread(name: string): Promise<Explored> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./layered-explorer-thread.ts', import.meta.url), { workerData: name });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread ended without an outcome')));
    thread.once('message', (outcome: Outcome) => {
      if ('explored' in outcome) resolve(outcome.explored);
      else reject(new assert.AssertionError({ message: outcome.broken }));
    });
  });
}

describe('the layered store keeps its promises', { concurrency: 2 }, () => {
  for (const name of Object.keys(programs)) {
    test(`the layered store keeps its promises: ${name}`, async (t) => {
      const { runs, steps, exhausted } = await exploreInThread(name);
      t.diagnostic(`${runs} runs, ${steps} steps${exhausted ? ', all of them' : ''}`);
      // No AssertionError: no promise was broken.
      if (!exhausted) throw new Error('not all runs were played');
      assert.ok(runs > 50, `${runs} runs are too few to mean anything`);
    });
  }
});
