/** What a reader must know of the machine to make sense of the figures. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Facts as they go into the results. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  readonly wrk: string;
  readonly redis: string | null;
  readonly postgres?: string | null;
}

export function describeMachine(redis: string | null, postgres: string | null): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]} ${arch()}`,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? 'unknown',
    wrk: /wrk\s+(\S+)/.exec(spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 'unknown',
    redis,
    postgres,
  };
}

/** The versions of what is compared, by package. */
export function versionsOf(root: string): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of ['holdfast', 'holdfast-server', 'fastify', 'pg']) versions[name] = versionIn(root, name);
  const peers = JSON.parse(readFileSync(join(root, 'bench/peers/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return { ...versions, ...peers.dependencies };
}

function versionIn(root: string, name: string): string {
  const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
