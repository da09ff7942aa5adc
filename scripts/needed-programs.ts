/** The programs that the tests drive beside Node: where each is found on this machine, and which package brings it. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, or several that come together. */
export interface NeededProgram {
  /** What people call it. */
  readonly name: string;
  /** The Debian and Ubuntu package. */
  readonly package: string;
  /** The environment variable that names one elsewhere; null when only the PATH is looked through. */
  readonly variable: string | null;
  /** Where it is; null when it is missing. */
  readonly find: (environment: NodeJS.ProcessEnv) => string | null;
}

export const NEEDED_PROGRAMS: readonly NeededProgram[] = [
  { name: 'Chromium', package: 'chromium', variable: 'CHROMIUM', find: findChromium },
  { name: 'Redis', package: 'redis-server', variable: 'HOLDFAST_REDIS_SERVER', find: findRedisServer },
  { name: 'PostgreSQL', package: 'postgresql', variable: 'HOLDFAST_POSTGRES_BIN', find: findPostgresFolder },
  { name: 'PgBouncer', package: 'pgbouncer', variable: 'HOLDFAST_PGBOUNCER', find: findPgBouncer },
  { name: 'OpenSSL', package: 'openssl', variable: null, find: ({ PATH = '' }) => findExecutable(['openssl'], PATH) },
  { name: 'curl', package: 'curl', variable: null, find: ({ PATH = '' }) => findExecutable(['curl'], PATH) },
  { name: 'Python', package: 'python3', variable: null, find: ({ PATH = '' }) => findExecutable(['python3'], PATH) },
];

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Folders for servers, which are on root's PATH alone on Debian. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin'];

/** Where packages put PostgreSQL's programs by version, because several may be installed: Debian's way, Red Hat's way. */
const POSTGRES_HOMES = [
  { parent: '/usr/lib/postgresql', folder: /^[\d.]+$/ },
  { parent: '/usr', folder: /^pgsql-[\d.]+$/ },
];

/** Where an executable of one of the names is, looking through a PATH; null when there is none. */
export function findExecutable(names: readonly string[], path: string): string | null {
  for (const folder of path.split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return null;
}

/** The browser that the tests drive: the one that CHROMIUM names, or the first on the PATH. */
export function findChromium(environment: NodeJS.ProcessEnv): string | null {
  return findNamedOrOnPath(environment.CHROMIUM, CHROMIUM, environment);
}

/** The one that HOLDFAST_REDIS_SERVER names, or the first on the PATH. It is the Sentinel, too. */
export function findRedisServer(environment: NodeJS.ProcessEnv): string | null {
  return findNamedOrOnPath(environment.HOLDFAST_REDIS_SERVER, ['redis-server', 'valkey-server'], environment);
}

/** The one that HOLDFAST_PGBOUNCER names, or the first on the PATH. */
export function findPgBouncer(environment: NodeJS.ProcessEnv): string | null {
  return findNamedOrOnPath(environment.HOLDFAST_PGBOUNCER, ['pgbouncer'], environment);
}

/** The folder with PostgreSQL's programs: HOLDFAST_POSTGRES_BIN, the newest that a package brought, or one of the PATH. */
export function findPostgresFolder(environment: NodeJS.ProcessEnv, homes = POSTGRES_HOMES): string | null {
  const named = environment.HOLDFAST_POSTGRES_BIN;
  const folders =
    named === undefined || named === ''
      ? [...homes.flatMap(versionFolders), ...(environment.PATH ?? '').split(delimiter)]
      : [named];
  const programs = ['initdb', 'postgres', 'psql'];
  return folders.find((folder) => programs.every((program) => isExecutable(join(folder, program)))) ?? null;
}

/** A name without a slash is looked for on the PATH, as a shell would. */
function findNamedOrOnPath(
  named: string | undefined,
  names: readonly string[],
  { PATH = '' }: NodeJS.ProcessEnv,
): string | null {
  const path = [PATH, ...SERVER_FOLDERS].join(delimiter);
  if (named === undefined || named === '') return findExecutable(names, path);
  if (!named.includes('/')) return findExecutable([named], path);
  return isExecutable(named) ? named : null;
}

function versionFolders({ parent, folder }: { readonly parent: string; readonly folder: RegExp }): readonly string[] {
  try {
    const names = readdirSync(parent).filter((name) => folder.test(name));
    const newestFirst = names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return newestFirst.map((name) => join(parent, name, 'bin'));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
