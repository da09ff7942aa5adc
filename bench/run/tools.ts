/** Brings what the benchmarks need beyond Node: wrk, Redis and PostgreSQL from the system's packages, the peers from npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../../scripts/install-packages.ts';
import { findExecutable, findPostgresFolder, findRedisServer } from '../../scripts/needed-programs.ts';

/** What somebody has to do before a run can start. */
export class MissingToolError extends Error {}

type Tool = 'taskset' | 'wrk' | 'redis' | 'postgres';

const onPath = (name: string) => (): string | null => findExecutable([name], process.env.PATH ?? '');

const TOOLS: Readonly<Record<Tool, { readonly package: string; readonly find: () => string | null }>> = {
  taskset: { package: 'util-linux', find: onPath('taskset') },
  wrk: { package: 'wrk', find: onPath('wrk') },
  redis: { package: 'redis-server', find: () => findRedisServer(process.env) },
  postgres: { package: 'postgresql', find: () => findPostgresFolder(process.env) },
};

/** Makes sure of programs, installing their packages where we may. */
export function needTools(tools: readonly Tool[]): void {
  const missing = (): string[] =>
    tools.filter((tool) => TOOLS[tool].find() === null).map((tool) => TOOLS[tool].package);
  const packages = missing();
  if (packages.length === 0) return;
  const apt = onPath('apt-get')();
  if (process.getuid?.() === 0 && apt !== null) {
    process.stderr.write(`bench: installing ${packages.join(', ')} from the system's packages\n`);
    installPackages(apt, packages);
  }
  const left = missing();
  if (left.length > 0) {
    throw new MissingToolError(`${left.join(', ')}: needed. Debian and Ubuntu: sudo apt-get install ${left.join(' ')}`);
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

function sameVersions(wantedFile: string, installedFile: string): boolean {
  const read = (file: string): Record<string, { version?: string; optional?: boolean }> =>
    (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string; optional?: boolean }> })
      .packages;
  const installed = read(installedFile);
  return Object.entries(read(wantedFile)).every(
    ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
  );
}
