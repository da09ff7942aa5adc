/** A PgBouncer in front of a PostgreSQL that the test has started, by default in transaction mode. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPgBouncer } from '../../scripts/needed-programs.ts';
import { startOnFreePort } from './free-port.ts';
import type { PostgresServer } from './postgres.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { unprivilegedUser } from './system-user.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface PgBouncerOptions {
  /** When a connection of the server goes to another client; default 'transaction'. */
  readonly poolMode?: 'session' | 'transaction' | 'statement';
  /** Connections to the server for each database and user; default 10. */
  readonly poolSize?: number;
  /** Passwords of users beside the superuser. */
  readonly users?: Readonly<Record<string, string>>;
  /** More settings, such as `{ query_wait_timeout: '2' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PgBouncer {
  readonly host: string;
  readonly port: number;
  readonly isRunning: boolean;
  /** Its last lines. */
  readonly output: string;
  /** The address of a database through it, for the superuser unless another user is named. */
  url(database: string, user?: string, password?: string | null): string;
  /** Ends it for good and removes its folder; idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>;
  /** Ends it when it runs (all connections are cut), and starts it on the same port. */
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
}

const HOST = '127.0.0.1';

/** Starts one; answers when it takes connections. Also in front of a proxy, when `postgres` has the proxy's port. */
export async function startPgBouncer(
  postgres: Pick<PostgresServer, 'port' | 'user' | 'password' | 'urlFor'>,
  options: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const file = findPgBouncer(process.env);
  if (file === null) throw new Error('No pgbouncer was found: install it, or name one by HOLDFAST_PGBOUNCER.');
  const owner = unprivilegedUser();
  const temporary = makeTemporaryDirectory('pgbouncer', owner);
  const directory = temporary.path;
  const users = { ...options.users, [postgres.user]: postgres.password ?? '' };
  const userLines = Object.entries(users).map((pair) => pair.map(quote).join(' '));
  writeFileSync(join(directory, 'users.txt'), `${userLines.join('\n')}\n`);
  const config = join(directory, 'pgbouncer.ini');
  try {
    return await startOnFreePort(async (port) => {
      writeFileSync(config, configuration(port, join(directory, 'users.txt'), postgres, options));
      const launch = (): Promise<ServerProcess> =>
        startServerProcess({
          file,
          args: [config],
          directory,
          user: owner,
          isReady: ({ output }) => isReady(output, port),
        });
      let server = await launch();
      return {
        host: HOST,
        port,
        get isRunning() {
          return server.isRunning;
        },
        get output() {
          return server.output;
        },
        url(database, user, password) {
          const url = new URL(postgres.urlFor(database, user, password));
          url.port = String(port);
          return url.href;
        },
        kill: () => server.kill(),
        pause: () => server.pause(),
        resume: () => server.resume(),
        async restart() {
          await server.stop();
          server = await launch();
        },
        async stop() {
          await server.stop();
          temporary.remove();
        },
      };
    });
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

function configuration(
  port: number,
  userFile: string,
  postgres: Pick<PostgresServer, 'port' | 'user' | 'password'>,
  { poolMode = 'transaction', poolSize = 10, settings = {} }: PgBouncerOptions,
): string {
  const all = {
    listen_addr: HOST,
    listen_port: String(port),
    // No socket in a folder that all share.
    unix_socket_dir: '',
    auth_type: postgres.password === null ? 'trust' : 'scram-sha-256',
    auth_file: userFile,
    admin_users: postgres.user,
    pool_mode: poolMode,
    default_pool_size: String(poolSize),
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const databases = ['[databases]', `* = host=${HOST} port=${postgres.port}`];
  return [...databases, '[pgbouncer]', ...lines, ''].join('\n');
}

/** Its own words, because whoever connects cannot tell it from another one on the same port. */
function isReady(output: string, port: number): boolean {
  return output.includes('process up') && output.includes(`listening on ${HOST}:${port}`);
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
