/** Brings what the benchmarks need beyond Node: wrk and Redis from the system's packages, the peers from npm. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ask } from '../measure/redis-facts.ts';
import { spawnPinned } from './pinned.ts';
import { freePort } from './subject.ts';

/** What somebody has to do before a run can start. */
export class MissingToolError extends Error {}

/** Makes sure of a program, installing its package where we may. */
export function needProgram(program: string, debianPackage: string): void {
  if (isThere(program)) return;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    process.stderr.write(`bench: installing ${debianPackage} from the system's packages\n`);
    const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], options);
  }
  if (!isThere(program)) {
    throw new MissingToolError(`${program} is needed. Debian and Ubuntu: sudo apt-get install ${debianPackage}`);
  }
}

/** Installs the peers by their own lockfile, where they are not there as it says. */
export function needPeers(root: string): void {
  const folder = join(root, 'bench/peers');
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && sameVersions(join(folder, 'package-lock.json'), installed)) return;
  process.stderr.write('bench: installing what we compare with (npm ci in bench/peers)\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new MissingToolError('npm ci failed in bench/peers; what it said is above.');
}

/** A Redis of our own that keeps nothing. */
export async function startRedis(core: number): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  needProgram('redis-server', 'redis-server');
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawnPinned(String(core), 'redis-server', options);
  child.stdout?.resume();
  const ended = once(child, 'exit').then(() => {
    throw new MissingToolError('redis-server ended at once');
  });
  for (;;) {
    const said = await Promise.race([ended, ask(port, 'PING').catch(() => null)]);
    if (said === 'PONG') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  ended.catch(() => undefined);
  return { port, child };
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function sameVersions(wantedFile: string, installedFile: string): boolean {
  const read = (file: string): Record<string, { version?: string; optional?: boolean }> =>
    (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string; optional?: boolean }> })
      .packages;
  const installed = read(installedFile);
  return Object.entries(read(wantedFile)).every(
    ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
  );
}
