/** One system under test as a running process, with people signed in to it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { SEPARATOR, wireRequests } from '../load/wire.ts';
import { postgresWrites } from '../measure/postgres-facts.ts';
import { family, residentBytes } from '../measure/proc.ts';
import { redisScripts, redisWrites } from '../measure/redis-facts.ts';
import { sqliteCommits } from '../measure/sqlite-commits.ts';
import type { Place, System } from '../system.ts';
import type { Backends } from './backends.ts';
import { Client, UNREAD_COOKIE } from './client.ts';
import { spawnPinned } from './pinned.ts';

/** Not a secret of anybody: every system of the benchmarks gets the same. */
const SECRET = 'q9Zr4nV1xKc7Lw2TbYh8Gd5Sf0JmPu3EaRiNoWvXz6s';
const START_LIMIT_MS = 30_000;
const SIGN_INS_AT_ONCE = 8;

export interface SubjectOptions {
  readonly root: string;
  /** Directory for everything that the run leaves behind. */
  readonly scratch: string;
  /** Cores as `taskset` takes them. */
  readonly cores: string;
  readonly backends: Backends;
  /** For Node. */
  readonly nodeArguments?: readonly string[];
  /** For the program. */
  readonly extraArguments?: readonly string[];
  readonly extraEnvironment?: Readonly<Record<string, string>>;
}

export class Subject {
  readonly system: System;
  readonly port: number;
  readonly directory: string;
  /** File of prepared requests, one per session. */
  readonly requestFile: string;
  /** From the start of the process to its first answer, in milliseconds. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #backends: Backends;
  readonly #writesAtStart: number | null;
  #clients: Client[] = [];
  bodyBytes = 0;

  private constructor(system: System, child: ChildProcess, { place, backends, writes, readyMs }: Started) {
    this.system = system;
    this.#child = child;
    this.port = place.port;
    this.directory = place.directory;
    this.requestFile = join(place.directory, 'requests.txt');
    this.#backends = backends;
    this.#writesAtStart = writes;
    this.readyMs = readyMs;
  }

  /** Starts the program and waits for its first answer, whatever that is. */
  static async start(system: System, options: SubjectOptions): Promise<Subject> {
    const { backends } = options;
    const directory = mkdtempSync(join(options.scratch, `${system.name}-`));
    const place: Place = {
      port: await freePort(),
      directory,
      redisUrl: backends.redis?.url ?? '',
      postgresUrl: system.needs.postgres ? ((await backends.postgres?.createDatabase(basename(directory))) ?? '') : '',
    };
    const writes = await countWrites(system, backends, directory);
    const started = performance.now();
    const child = spawnPinned(
      options.cores,
      process.execPath,
      [...(options.nodeArguments ?? []), ...system.program, ...(options.extraArguments ?? [])],
      {
        cwd: options.root,
        environment: {
          NODE_ENV: 'production',
          SESSION_SECRET: SECRET,
          BENCH_PORT: String(place.port),
          BENCH_DIRECTORY: directory,
          BENCH_REDIS: place.redisUrl,
          BENCH_POSTGRES: place.postgresUrl,
          // What two systems store in one Redis must not meet.
          BENCH_PREFIX: basename(directory),
          ...system.environment(place),
          ...options.extraEnvironment,
        },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000);
      });
    }
    while (!(await answers(place.port))) {
      if (child.exitCode !== null || performance.now() - started > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(`${system.name} did not start:\n${output}`);
      }
    }
    return new Subject(system, child, { place, backends, writes, readyMs: performance.now() - started });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The process and those it started. */
  get pids(): readonly number[] {
    return family(this.pid);
  }

  residentBytes(): number {
    return this.pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  /** Makes the sessions, over HTTP like anybody. */
  async signIn(sessions: number): Promise<void> {
    const steps = this.system.signIn;
    if (steps !== null) {
      const count = Math.min(sessions, this.system.maxSessions ?? sessions);
      this.#clients = Array.from({ length: count }, () => new Client(this.origin));
      // The first of each account makes it, so the first ones go alone; then several at once.
      for (let from = 0; from < count; ) {
        const to = Math.min(
          count,
          from % 50 === 0 ? from + 1 : Math.min(from + SIGN_INS_AT_ONCE, from - (from % 50) + 50),
        );
        await Promise.all(this.#clients.slice(from, to).map((client, i) => client.signIn(steps(from + i))));
        from = to;
      }
      await this.#proveStored(count);
    }
    await this.refresh();
  }

  /** A system that silently keeps its sessions elsewhere would be measured under a wrong title. */
  async #proveStored(sessions: number): Promise<void> {
    const start = this.#writesAtStart;
    if (start === null) return;
    for (const deadline = performance.now() + 5000; ; ) {
      const written = ((await this.writes()) ?? 0) - start;
      if (written >= sessions) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.system.name} wrote ${written} times for ${sessions} sessions: it keeps them elsewhere`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Lets every client ask once, so that no access token is about to expire, and prepares the requests. */
  async refresh(): Promise<void> {
    for (let from = 0; from < this.#clients.length; from += 32) {
      const bodies = await Promise.all(
        this.#clients.slice(from, from + 32).map((client) => client.ask(this.system.request)),
      );
      this.bodyBytes = Buffer.byteLength(bodies[0] ?? '');
    }
    if (this.#clients.length === 0)
      this.bodyBytes = Buffer.byteLength(await new Client(this.origin).ask(this.system.request));
    const cookies = this.#clients.length === 0 ? [UNREAD_COOKIE] : this.#clients.map(({ cookie }) => cookie);
    writeFileSync(
      this.requestFile,
      wireRequests(this.system.request, this.port, cookies)
        .map((request) => request + SEPARATOR)
        .join(''),
    );
  }

  get sessions(): number {
    return this.#clients.length;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Writes to its store so far; null where it has none that can be counted. */
  writes(): Promise<number | null> {
    return countWrites(this.system, this.#backends, this.directory);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await closed;
    clearTimeout(timer);
  }
}

interface Started {
  readonly place: Place;
  readonly backends: Backends;
  /** Counted before the start. */
  readonly writes: number | null;
  readonly readyMs: number;
}

async function countWrites({ writes }: System, backends: Backends, directory: string): Promise<number | null> {
  if (writes === null) return null;
  if ('sqlite' in writes) return sqliteCommits(join(directory, writes.sqlite));
  if ('postgres' in writes) {
    return backends.postgres === null ? null : postgresWrites(backends.postgres);
  }
  if (backends.redis === null) return null;
  const { port } = backends.redis;
  return writes.redis === 'scripts' ? redisScripts(port) : redisWrites(port);
}

/** Whether something answers on the port; a little later when nothing listens yet. */
async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).arrayBuffer();
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return false;
  }
}

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
