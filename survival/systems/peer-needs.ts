/** Brings what peers need: npm packages from a lockfile of their own, programs from the system's packages where possible. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../scripts/prepare-tests.ts';
import { REPOSITORY } from './repository.ts';

export const PEERS: string = join(REPOSITORY, 'survival', 'peers');
/** Debian's own, for which its packages of Python modules are; another one on the PATH does not see them. */
export const PYTHON = '/usr/bin/python3';

/** A Debian package, and how to see that it is there. */
export interface Need {
  readonly debian: string;
  isThere(): boolean;
}

export const program = (name: string, debian: string): Need => ({
  debian,
  isThere: () => findExecutable([name], process.env.PATH ?? '') !== null,
});

export const pythonModule = (name: string, debian: string): Need => ({
  debian,
  isThere: () => spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0,
});

/** Null when everything is there in the end; otherwise what to install. */
export function bring(needs: readonly Need[]): string | null {
  const missing = needs.filter((need) => !need.isThere()).map(({ debian }) => debian);
  if (missing.length === 0) return null;
  const apt = findExecutable(['apt-get'], process.env.PATH ?? '');
  if (apt !== null && process.getuid?.() === 0) {
    process.stderr.write(`survival: installing ${missing.join(', ')} from the system packages.\n`);
    const options: SpawnSyncOptions = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync(apt, ['update', '-qq'], options);
    spawnSync(apt, ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
  }
  const still = needs.filter((need) => !need.isThere()).map(({ debian }) => debian);
  if (still.length === 0) return null;
  return `it needs ${still.join(', ')}: on Debian, sudo apt-get install ${still.join(' ')}`;
}

/** Null when the peers' npm packages are there in the end; otherwise why not. */
export function bringPackages(): string | null {
  if (existsSync(join(PEERS, 'node_modules', '.package-lock.json'))) return null;
  process.stderr.write('survival: installing the peers with npm ci.\n');
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', flags, { cwd: PEERS, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? null : `npm ci in ${PEERS} failed; what it said is above`;
}

/** The version that is installed, or the one that would be. */
export function packageVersion(name: string): string {
  const installed = join(PEERS, 'node_modules', name, 'package.json');
  if (existsSync(installed)) return (JSON.parse(readFileSync(installed, 'utf8')) as { version: string }).version;
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return dependencies[name] ?? 'unknown';
}

/** What Python says of a module's version. */
export function moduleVersion(expression: string): string {
  const [module = ''] = expression.split('.');
  const { stdout } = spawnSync(PYTHON, ['-c', `import ${module}; print(${expression})`], { encoding: 'utf8' });
  return (stdout ?? '').trim() || 'unknown';
}
