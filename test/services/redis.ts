/** A Redis (or Valkey) of a test's own: on a free loopback port, in a temporary folder, without persistence unless asked. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRedisServer } from '../../scripts/needed-programs.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { startOnFreePort } from './free-port.ts';
import {
  type RedisAddress,
  type RedisArgument,
  type RedisReply,
  redisCommand,
  redisCommands,
  replyText,
} from './redis-command.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface RedisOptions {
  /** Writes every change to an append-only file, so that a restart finds it; default false: nothing is kept. */
  readonly appendonly?: boolean;
  /** When the append-only file is synced to the disk; default 'everysec'. */
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** For example '20mb'; default: no limit. */
  readonly maxmemory?: string;
  /** For example 'allkeys-lru'; default 'noeviction'. */
  readonly maxmemoryPolicy?: string;
  /** Of the user `default`; default: none. */
  readonly password?: string;
  /** Lines of a users file, such as `user app on >secret ~* +@all`. Beside these there is only the harness's own user. */
  readonly acl?: readonly string[];
  /** Speaks TLS and nothing else, with a certificate of an authority of its own; default false. */
  readonly tls?: boolean;
  /** A folder to use, which is not removed; default: a temporary one. */
  readonly directory?: string;
  /** More arguments, such as `['--maxclients', '20']`. */
  readonly extra?: readonly string[];
}

export interface RedisServer {
  readonly host: string;
  readonly port: number;
  /** `redis://…` or `rediss://…`, with the password of the user `default` when there is one. */
  readonly url: string;
  /** Of the process that runs now; another one after a restart. */
  readonly pid: number;
  readonly isRunning: boolean;
  readonly directory: string;
  /** Paths of PEM files; null without TLS. */
  readonly certificate: Certificate | null;
  /** Its last lines. */
  readonly output: string;
  /** The address with the credentials of one user of the `acl` lines. */
  urlFor(user: string, password: string): string;
  /** Runs one command and answers its reply as text: absent as '', items as lines. Throws errors, also after 5 s. */
  command(...args: readonly RedisArgument[]): Promise<string>;
  /** Runs several over one connection, as WAIT needs: it waits for the writes of its own connection alone. */
  commands(...list: readonly (readonly RedisArgument[])[]): Promise<readonly string[]>;
  /** The same as `command` with the reply as it is, for bytes and nested arrays. */
  reply(...args: readonly RedisArgument[]): Promise<RedisReply>;
  /** Ends it for good and removes its folder; idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>;
  /** Ends it in order when it runs, and starts it on the same port and folder. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP). */
  pause(): void;
  resume(): void;
}

const HOST = '127.0.0.1';

/** The user that `command` signs in as when there are `acl` lines, so that a test may close `default`. */
const HARNESS_USER = 'harness';

/** Starts one; answers when it takes commands. */
export function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return startOnFreePort((port) => startRedisOn(port, options));
}

/** Starts one on a port that the caller has chosen. */
export async function startRedisOn(port: number, options: RedisOptions = {}): Promise<RedisServer> {
  const file = findRedisServer(process.env);
  if (file === null) throw new Error('No redis-server was found: install it, or name one by HOLDFAST_REDIS_SERVER.');
  const temporary = options.directory === undefined ? makeTemporaryDirectory('redis') : null;
  const directory = temporary?.path ?? options.directory ?? '';
  const certificate = options.tls === true ? await makeCertificate(directory) : null;
  const address = addressOf(port, options, certificate);
  if (options.acl !== undefined) {
    const own = `user ${HARNESS_USER} on >${address.password} ~* &* +@all`;
    writeFileSync(join(directory, 'users.acl'), `${[...options.acl, ...defaultUser(options), own].join('\n')}\n`);
  }
  const args = ['--port', String(port), '--bind', HOST, '--dir', directory, '--save', ''];
  const launch = (): Promise<ServerProcess> =>
    startServerProcess({
      file,
      args: [...args, ...argumentsFor(port, directory, options, certificate)],
      directory,
      isReady: (server) => isReady(address, server.pid),
    });
  let server: ServerProcess;
  try {
    server = await launch();
  } catch (error) {
    temporary?.remove();
    throw error;
  }
  const urlFor = (credentials: string): string => `${certificate ? 'rediss' : 'redis'}://${credentials}${HOST}:${port}`;
  const reply = (...command: readonly RedisArgument[]): Promise<RedisReply> => redisCommand(address, command);
  return {
    host: HOST,
    port,
    directory,
    certificate,
    url: urlFor(options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`),
    urlFor: (user, password) => urlFor(`${encodeURIComponent(user)}:${encodeURIComponent(password)}@`),
    get pid() {
      return server.pid;
    },
    get isRunning() {
      return server.isRunning;
    },
    get output() {
      return server.output;
    },
    reply,
    commands: async (...list) => (await redisCommands(address, list)).map(replyText),
    command: async (...command) => replyText(await reply(...command)),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async restart() {
      await server.stop();
      server = await launch();
    },
    async stop() {
      await server.stop();
      temporary?.remove();
    },
  };
}

/** Ready is who runs as this process: somebody else on the same port would answer PING just as well. */
export async function isReady(address: RedisAddress, pid: number): Promise<boolean> {
  const about = replyText(await redisCommand(address, ['INFO', 'server']));
  // While it reads its files, PING is an error.
  return about.includes(`process_id:${pid}\r`) && (await redisCommand(address, ['PING'])) === 'PONG';
}

/** Whether `INFO replication` of a replica says that it follows, or that of a primary that all who follow get news. */
export function isInStep(replication: string): boolean {
  if (replication.includes('role:slave')) return replication.includes('master_link_status:up');
  return [...replication.matchAll(/^slave\d+:.*$/gm)].every(([line]) => line.includes('state=online'));
}

function addressOf(port: number, options: RedisOptions, certificate: Certificate | null): RedisAddress {
  const ca = certificate === null ? null : readFileSync(certificate.caPath, 'utf8');
  if (options.acl === undefined) return { host: HOST, port, ca, password: options.password ?? null };
  return { host: HOST, port, ca, user: HARNESS_USER, password: randomBytes(16).toString('hex') };
}

/** A users file says everything about `default`; without a line it would be open to all. */
function defaultUser({ acl = [], password }: RedisOptions): readonly string[] {
  if (acl.some((line) => line.startsWith('user default '))) return [];
  return password === undefined ? [] : [`user default on >${password} ~* &* +@all`];
}

function argumentsFor(
  port: number,
  directory: string,
  options: RedisOptions,
  certificate: Certificate | null,
): readonly string[] {
  const { appendonly = false, appendfsync = 'everysec', maxmemory, maxmemoryPolicy, password, acl } = options;
  // Over a socket a replica counts as online up to a second before it is sent anything: until its next acknowledgement.
  const args = ['--repl-diskless-sync', 'no'];
  if (appendonly) args.push('--appendonly', 'yes', '--appendfsync', appendfsync);
  if (maxmemory !== undefined) args.push('--maxmemory', maxmemory);
  if (maxmemoryPolicy !== undefined) args.push('--maxmemory-policy', maxmemoryPolicy);
  if (acl !== undefined) args.push('--aclfile', join(directory, 'users.acl'));
  else if (password !== undefined) args.push('--requirepass', password);
  if (certificate !== null) {
    const { caPath, certPath, keyPath } = certificate;
    args.push('--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no');
    args.push('--tls-cert-file', certPath, '--tls-key-file', keyPath, '--tls-ca-cert-file', caPath);
  }
  return [...args, ...(options.extra ?? [])];
}
