/** A machine that was built anew: the code in another place, installed again as far as links can tell. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './stage.ts';

/** What the service consists of, as a release would hold it. */
const PARTS = [
  'packages/holdfast/package.json',
  'packages/holdfast/src',
  'packages/server/package.json',
  'packages/server/src',
  'packages/console/package.json',
  'packages/console/dist',
];

/** Copies the code to a directory; other people's packages are linked, since they are the same everywhere. */
export function buildMachine(directory: string): string {
  for (const part of PARTS) cpSync(join(REPOSITORY, part), join(directory, part), { recursive: true });
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    const own = /^holdfast(?:-(.+))?$/.exec(name);
    const target = own === null ? join(REPOSITORY, 'node_modules', name) : join('..', 'packages', own[1] ?? 'holdfast');
    symlinkSync(target, join(modules, name));
  }
  return directory;
}
