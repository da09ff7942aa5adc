/** Runs a model test on a copy of the sources in which a rule may be broken, in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ModelRun {
  readonly code: number | null;
  readonly output: string;
}

/** `source` is the folder that stands for `src`; `file` the test, and `pattern` the names of its tests to run: all without. */
export async function runOnCopy(source: string, file: URL, pattern?: string): Promise<ModelRun> {
  const only = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const child = spawn(process.execPath, ['-C', 'holdfast-source', ...only, fileURLToPath(file)], {
    // Without NODE_TEST_CONTEXT the child reports in words of its own.
    env: { ...process.env, HOLDFAST_MODEL_SOURCE: `${pathToFileURL(source).href}/`, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}
