/** Builds the pages when their output is missing or older than anything it is made of. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CONSOLE = join(ROOT, 'packages', 'console');

/** What the build reads: the pages themselves, the library they use, and the versions of everything else. */
const INPUTS = [
  ...readdirSync(CONSOLE)
    .filter((name) => name !== 'dist' && name !== 'test' && name !== 'node_modules')
    .map((name) => join(CONSOLE, name)),
  join(ROOT, 'packages', 'holdfast', 'src'),
  join(ROOT, 'package-lock.json'),
];

/** When the newest file at or under the path was written, in milliseconds since 1970; 0 when there is none. */
export function newestChange(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestChange(join(path, name))), 0);
}

/** Whether `output` is missing or older than the newest of `inputs`. */
export function isStale(output: string, inputs: readonly string[]): boolean {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  return inputs.some((path) => newestChange(path) > built);
}

if (import.meta.main) {
  if (isStale(join(CONSOLE, 'dist', 'index.html'), INPUTS)) {
    process.stderr.write(`holdfast: building the pages into ${relative(ROOT, join(CONSOLE, 'dist'))}.\n`);
    const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
    const args = ['-C', 'holdfast-source', vite, 'build', '--logLevel', 'warn'];
    const { status } = spawnSync(process.execPath, args, { cwd: CONSOLE, stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) {
      process.stderr.write('holdfast: the pages could not be built; what vite said is above.\n');
      process.exit(1);
    }
  }
}
