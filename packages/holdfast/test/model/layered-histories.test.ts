/**
 * The layered store keeps its promises through long random histories: three processes, four sessions and more of two people,
 * calls in any order that fail before or after their effect, processes that are paused and die; and either a front that is
 * cut off, flushed and set back, or a back that is down. HOLDFAST_HISTORIES sets how many there are of each.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Trouble } from './layered-random.ts';
import type { RandomOutcome, RandomTask } from './layered-random-thread.ts';

const HISTORIES = Number(process.env.HOLDFAST_HISTORIES ?? 150);

function playInThread(task: RandomTask): Promise<number> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./layered-random-thread.ts', import.meta.url), { workerData: task });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread ended without an outcome')));
    thread.once('message', (outcome: RandomOutcome) => {
      if ('calls' in outcome) resolve(outcome.calls);
      else reject(new assert.AssertionError({ message: outcome.broken }));
    });
  });
}

const TROUBLES: Record<Trouble, string> = {
  front: 'a front that is cut off, flushed and set back',
  back: 'a back that is down now and then',
};

describe('long random histories', { concurrency: 2 }, () => {
  for (const [trouble, what] of Object.entries(TROUBLES) as [Trouble, string][]) {
    test(`the layered store keeps its promises through long histories with ${what}`, async (t) => {
      const calls = await playInThread({ trouble, firstSeed: 1, histories: HISTORIES });
      t.diagnostic(`${HISTORIES} histories, ${calls} calls`);
      assert.ok(calls > 20 * HISTORIES, `${calls} calls are too few to mean anything`);
    });
  }
});
