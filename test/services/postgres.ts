/** A PostgreSQL of a test's own: a fresh cluster in a temporary folder, on a free loopback port. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgresFolder } from '../../scripts/needed-programs.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { startOnFreePort } from './free-port.ts';
import { dataFolder, initialisePostgres } from './postgres-folder.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { unprivilegedUser } from './system-user.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface PostgresOptions {
  /** Of the superuser `postgres`; sign-in is then by scram-sha-256. Default: everybody on loopback is trusted. */
  readonly password?: string;
  /**
   * Whether a commit waits for the disk. Default false, which survives the death of every process (the kernel has the
   * data) but no loss of power; drills that measure set it to true.
   */
  readonly fsync?: boolean;
  /** Default 50. */
  readonly maxConnections?: number;
  /** Takes TLS as well, with a certificate of an authority of its own; default false. */
  readonly tls?: boolean;
  /** More settings, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** The superuser, and the password when there is one. */
  readonly user: string;
  readonly password: string | null;
  /** Of the database `postgres`; several tests on one server each make their own by `createDatabase`. */
  readonly url: string;
  /** Of the process that runs now; another one after a restart. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Paths of PEM files; null without TLS. */
  readonly certificate: Certificate | null;
  /** Its last lines. */
  readonly output: string;
  /** The address of a database, for the superuser unless another user is named. */
  urlFor(database: string, user?: string, password?: string | null): string;
  /** Makes an empty database; answers its address. */
  createDatabase(name: string): Promise<string>;
  /** Runs statements as the superuser with psql; answers rows as lines, columns separated by `|`. Throws its errors. */
  sql(text: string, database?: string): Promise<string>;
  /** Ends it for good and removes its folder; idempotent. */
  stop(): Promise<void>;
  /** SIGKILL to all its processes, as when the machine dies; `restart` recovers. */
  kill(): Promise<void>;
  /** Ends it in order when it runs (open connections are cut), and starts it on the same port and folder. */
  restart(): Promise<void>;
  /** Freezes all its processes (SIGSTOP). */
  pause(): void;
  resume(): void;
}

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';
const run = promisify(execFile);

/** Starts one; answers when it takes connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = findPostgresFolder(process.env);
  if (programs === null) {
    throw new Error(
      'No PostgreSQL was found: install it, or name the folder of its programs by HOLDFAST_POSTGRES_BIN.',
    );
  }
  const owner = unprivilegedUser();
  const temporary = makeTemporaryDirectory('postgres', owner);
  const directory = temporary.path;
  try {
    await initialisePostgres({ programs, directory, owner, superuser: SUPERUSER, password: options.password ?? null });
    const certificate = options.tls === true ? await makeCertificate(directory, owner) : null;
    return await startOnFreePort(async (port) => {
      const launch = (): Promise<ServerProcess> =>
        startServerProcess({
          file: join(programs, 'postgres'),
          args: ['-D', dataFolder(directory), ...settingsFor(port, options, certificate)],
          directory,
          user: owner,
          isReady: ({ pid }) => isReady(directory, pid),
          // SIGTERM would wait until all clients have gone by themselves.
          stopSignal: 'SIGINT',
        });
      const server = await launch();
      return handle({ port, programs, password: options.password ?? null, certificate }, server, launch, temporary);
    });
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

interface Facts {
  readonly port: number;
  readonly programs: string;
  readonly password: string | null;
  readonly certificate: Certificate | null;
}

function handle(
  { port, programs, password, certificate }: Facts,
  first: ServerProcess,
  launch: () => Promise<ServerProcess>,
  temporary: { remove(): void },
): PostgresServer {
  let server = first;
  const urlFor = (database: string, user = SUPERUSER, secret = password): string => {
    const url = new URL(`postgres://${HOST}:${port}/${encodeURIComponent(database)}`);
    url.username = encodeURIComponent(user);
    if (secret !== null) url.password = encodeURIComponent(secret);
    return url.href;
  };
  const sql = async (text: string, database = 'postgres'): Promise<string> => {
    const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', urlFor(database), '-c', text];
    return (await run(join(programs, 'psql'), args)).stdout.trimEnd();
  };
  return {
    host: HOST,
    port,
    user: SUPERUSER,
    password,
    certificate,
    url: urlFor('postgres'),
    get pid() {
      return server.pid;
    },
    get isRunning() {
      return server.isRunning;
    },
    get output() {
      return server.output;
    },
    urlFor,
    async createDatabase(name) {
      // template0, because nobody is ever connected to it: several can be made at once.
      await sql(`CREATE DATABASE "${name.replaceAll('"', '""')}" TEMPLATE template0`);
      return urlFor(name);
    },
    sql,
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
}

function settingsFor(
  port: number,
  { fsync = false, maxConnections = 50, settings = {} }: PostgresOptions,
  certificate: Certificate | null,
): readonly string[] {
  const all: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    shared_buffers: '32MB',
    fsync: fsync ? 'on' : 'off',
  };
  if (certificate !== null) {
    Object.assign(all, { ssl: 'on', ssl_cert_file: certificate.certPath, ssl_key_file: certificate.keyPath });
  }
  return Object.entries({ ...all, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL writes its process id into the first line of this file and its state into the eighth. */
function isReady(directory: string, pid: number): boolean {
  const lines = readFileSync(join(dataFolder(directory), 'postmaster.pid'), 'utf8').split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}
