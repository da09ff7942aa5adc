/** Installs Debian and Ubuntu packages without letting them start a service: the tests start their own servers. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Files that keep packages from starting what they bring. Tests name other places. */
export interface QuietFiles {
  /** Asked by every package before it starts a service (Debian Policy 9.3.3); 101 forbids it. */
  readonly policy: string;
  /** Read by PostgreSQL's packages, which otherwise make a database cluster that comes up with the machine. */
  readonly postgres: string;
}

const SYSTEM_FILES: QuietFiles = {
  policy: '/usr/sbin/policy-rc.d',
  postgres: '/etc/postgresql-common/createcluster.conf',
};

/** Runs `install` while no service may start. A policy that the machine has is left alone, ours is taken away again. */
export function withoutServices<T>(install: () => T, { policy }: QuietFiles = SYSTEM_FILES): T {
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** Keeps a PostgreSQL that is about to be installed from making a cluster, unless the machine has settings about that. */
export function withoutOwnCluster({ postgres }: QuietFiles = SYSTEM_FILES): void {
  if (existsSync(postgres)) return;
  mkdirSync(dirname(postgres), { recursive: true });
  // The file stays, because the packages read it again whenever they are upgraded.
  writeFileSync(postgres, 'create_main_cluster = false\n');
}

/** Whether the packages are installed now. All come in one run of apt-get, which has to be found at `apt`. */
export function installPackages(apt: string, packages: readonly string[]): boolean {
  if (packages.includes('postgresql')) withoutOwnCluster();
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  return withoutServices(() => run(apt, ['update', '-qq']) && run(apt, args));
}

function run(command: string, args: readonly string[]): boolean {
  // Nothing is asked: a configuration file that exists is kept.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', UCF_FORCE_CONFFOLD: '1' };
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment });
  return status === 0;
}
