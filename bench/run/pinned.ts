/** Programs bound to one core: what is measured and what measures must not take turns on the same one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whatever still runs ends with us, also when we are told to stop in the middle. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a program on the given cores. `taskset` becomes the program, so the process id is the program's own. */
export function spawnPinned(
  cores: string,
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): ChildProcess {
  const child = spawn('taskset', ['-c', cores, program, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { PATH: process.env.PATH ?? '', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  child.once('exit', () => living.delete(child));
  return child;
}

/** Runs a program to its end and answers what it wrote; throws with its complaint when it failed. */
export async function runPinned(core: number, program: string, args: readonly string[]): Promise<string> {
  const child = spawnPinned(String(core), program, args);
  let output = '';
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${complaint}${output}`);
  return output;
}
