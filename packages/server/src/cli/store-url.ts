/** The stores that a command is told to work on, and how they are called without user and password. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HoldfastError, type TransferableStore } from 'holdfast';
import { openStore as openSessionStore } from '../sessions/open-store.ts';
import { loadForCommand } from './load.ts';

/** What a command line says wrongly: one sentence with the fix. Ends in the exit status for wrong usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An open store. */
export interface NamedStore {
  readonly store: TransferableStore;
  /** For people: kind, host and path, never user or password. */
  readonly name: string;
  /** The same of the store that decides, where one lies in front of it. */
  readonly truth: string;
}

/** Which options named the stores; one that is missing means the store that the service is set up with. */
export interface StoreOptions {
  readonly from?: string;
  readonly to?: string;
}

/** For the help of commands. */
export const STORE_HELP = `Stores:
  sqlite:/path/to/data-dir        the directory that holds sessions.db
  redis://user:password@host:6379/0 and rediss://, redis-sentinel://, redis-cluster://, redis+unix://
  postgres://user:password@host:5432/database
  env:NAME                        one of these, taken from the variable NAME (or from the file that NAME_FILE names)
Write env:NAME wherever there is a password: what is on the command line can be seen by everybody on the machine.
Without the option it is the store that the service is set up with.`;

const MARK = '://';

/** Opens what the option names. `role` is `--from`, which has to exist, or `--to`. */
export async function openStore(options: StoreOptions, role: 'from' | 'to'): Promise<NamedStore> {
  const given = options[role];
  if (given === undefined) return openConfigured(role);
  const text = fromEnvironment(given, role);
  if (text.startsWith('sqlite:')) return openSqlite(text.slice('sqlite:'.length), role);
  const name = nameOf(text);
  try {
    if (/^redis[a-z+-]*:\/\//i.test(text)) {
      const { redisStore } = await import('holdfast/stores/redis');
      return { store: await redisStore({ url: text, cache: false }), name, truth: name };
    }
    if (/^postgres(ql)?:\/\//i.test(text)) {
      const { postgresStore } = await import('holdfast/stores/postgres');
      return { store: await postgresStore({ url: text, cache: false, statementTimeoutMs: 9000 }), name, truth: name };
    }
  } catch (error) {
    throw named(error, role, name);
  }
  throw new UsageError(
    `--${role}: this is no store; write sqlite:/path/to/data-dir, redis://…, postgres://… or env:NAME`,
  );
}

/** The address as people may see it: everything before the host and behind the path may hold a password. */
export function nameOf(url: string): string {
  const scheme = url.slice(0, url.indexOf(MARK));
  const address = url.slice(scheme.length + MARK.length);
  return `${scheme}${MARK}${address.slice(address.lastIndexOf('@') + 1).replace(/[?#].*$/s, '')}`;
}

/** Whether the command line itself holds a password. */
export function showsPassword(given: string | undefined): boolean {
  return (
    given !== undefined && !given.startsWith('env:') && given.includes(MARK) && /@|[?&][a-z]*password=/i.test(given)
  );
}

function fromEnvironment(given: string, role: string): string {
  if (!given.startsWith('env:')) return given.trim();
  const name = given.slice('env:'.length);
  const file = process.env[`${name}_FILE`];
  const text = process.env[name] ?? (file === undefined ? undefined : readSecretFile(file, `${name}_FILE`));
  if (text === undefined || text.trim() === '') {
    throw new UsageError(`--${role}: the variable ${name} is not set; set it to the URL of the store`);
  }
  return text.trim();
}

/** The text in a file that a variable names. */
export function readSecretFile(path: string, variable: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new UsageError(`${variable}: the file it names cannot be read; name a file that this process may read`);
  }
}

async function openSqlite(path: string, role: 'from' | 'to'): Promise<NamedStore> {
  if (path === '') throw new UsageError(`--${role}: name the directory, such as sqlite:/var/lib/holdfast`);
  const directory = resolve(path);
  if (role === 'from' && !existsSync(join(directory, 'sessions.db'))) {
    throw new UsageError(`--from: there is no sessions.db in ${directory}; name the directory that the service uses`);
  }
  const { sqliteStore } = await import('holdfast/stores/sqlite');
  try {
    const store = sqliteStore({ directory, deadlineMs: 5000 });
    const name = `sqlite:${realpathSync(directory)}`;
    return { store, name, truth: name };
  } catch (error) {
    throw named(error, role, `sqlite:${directory}`);
  }
}

/** As the service opens it: whoever writes past Redis in front of PostgreSQL would leave old sessions in Redis. */
async function openConfigured(role: 'from' | 'to'): Promise<NamedStore> {
  const { config } = loadForCommand();
  const urls = [config.redisUrl, config.databaseUrl].filter((url) => url !== null).map(nameOf);
  if (urls.length === 0) return openSqlite(config.dataDir, role);
  const plain = { ...config, sessionCache: 0, staleIfErrorSeconds: 0, databaseListenUrl: null };
  const { store } = await openSessionStore(plain);
  return { store, name: urls.join(' over '), truth: urls.at(-1) as string };
}

/** The library's sentences say what is wrong; this adds with which of the two. */
function named(error: unknown, role: string, name: string): unknown {
  if (!(error instanceof HoldfastError)) return error;
  if (error.code === 'invalid-option') return new UsageError(`--${role}: ${error.message}`);
  return new HoldfastError(error.code, `--${role} ${name}: ${error.message}`, { cause: error });
}
