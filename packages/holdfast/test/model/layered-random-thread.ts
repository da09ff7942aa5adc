/** A thread that plays some random histories and says what came of it. */
import { AssertionError } from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { playRandom, type Trouble } from './layered-random.ts';

/** Which ones. */
export interface RandomTask {
  readonly trouble: Trouble;
  readonly firstSeed: number;
  readonly histories: number;
}

/** How many calls to the layers were played, or `broken`: the story of the first history in which a promise was broken. */
export type RandomOutcome = { readonly calls: number } | { readonly broken: string };

async function outcomeOf({ trouble, firstSeed, histories }: RandomTask): Promise<RandomOutcome> {
  Error.stackTraceLimit = 0;
  let calls = 0;
  try {
    for (let seed = firstSeed; seed < firstSeed + histories; seed++) calls += await playRandom(seed, trouble);
    return { calls };
  } catch (error) {
    if (error instanceof AssertionError) return { broken: error.message };
    throw error;
  }
}

parentPort?.postMessage(await outcomeOf(workerData as RandomTask));
