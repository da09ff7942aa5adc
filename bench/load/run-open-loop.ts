/** Starts the generator of requests at a fixed rate and reads what it measured. */
import { fileURLToPath } from 'node:url';
import { runPinned } from '../run/pinned.ts';

export interface OpenLoopTask {
  readonly port: number;
  /** File of prepared requests. */
  readonly file: string;
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Times in microseconds, from when a request was due to the end of its answer. */
export interface OpenLoopResult {
  readonly requests: number;
  /** Answers other than 200, and requests without one. */
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const PROGRAM = fileURLToPath(new URL('open-loop.ts', import.meta.url));

export async function runOpenLoop(core: number, task: OpenLoopTask): Promise<OpenLoopResult> {
  const output = await runPinned(core, process.execPath, [PROGRAM, JSON.stringify(task)]);
  return JSON.parse(output) as OpenLoopResult;
}
