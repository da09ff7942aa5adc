/** Runs wrk on prepared requests and reads its figures. */
import { fileURLToPath } from 'node:url';
import { runPinned } from '../run/pinned.ts';

export interface WrkResult {
  readonly requests: number;
  readonly microseconds: number;
  /** Answers of 400 and above. */
  readonly status: number;
  /** Connections that broke or timed out. */
  readonly broken: number;
}

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url));

export async function runWrk(
  core: number,
  { port, file, seconds, connections }: { port: number; file: string; seconds: number; connections: number },
): Promise<WrkResult> {
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', SCRIPT, `http://127.0.0.1:${port}/`, '--', file];
  const output = await runPinned(core, 'wrk', options);
  const line = /^JSON (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${output}`);
  return JSON.parse(line) as WrkResult;
}
