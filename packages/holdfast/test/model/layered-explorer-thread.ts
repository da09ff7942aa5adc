/** A thread that explores one program and says what came of it. */
import { AssertionError } from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { type Explored, explore } from './layered-explorer.ts';
import { programs } from './layered-programs.ts';

/** `broken`: the story of the first run in which a promise was broken. */
export type Outcome = { readonly explored: Explored } | { readonly broken: string };

const MAX_RUNS = 60_000;

async function outcomeOf(name: string): Promise<Outcome> {
  const program = programs[name];
  if (program === undefined) throw new Error(`there is no program ${name}`);
  // Nobody reads where a planted failure was planted, and finding out is slow.
  Error.stackTraceLimit = 0;
  try {
    return { explored: await explore(program, MAX_RUNS) };
  } catch (error) {
    if (error instanceof AssertionError) return { broken: error.message };
    throw error;
  }
}

parentPort?.postMessage(await outcomeOf(String(workerData)));
