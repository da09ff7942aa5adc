/** One system under test as a running process, with people signed in to it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SEPARATOR, wireRequests } from '../load/wire.ts';
import { family, residentBytes } from '../measure/proc.ts';
import { redisWrites } from '../measure/redis-facts.ts';
import { sqliteCommits } from '../measure/sqlite-commits.ts';
import type { System } from '../system.ts';
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
  readonly redisPort: number | null;
  /** More for Node or the program. */
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
  readonly #redisPort: number | null;
  #clients: Client[] = [];
  bodyBytes = 0;

  private constructor(system: System, child: ChildProcess, place: Place, redisPort: number | null, readyMs: number) {
    this.system = system;
    this.#child = child;
    this.port = place.port;
    this.directory = place.directory;
    this.requestFile = join(place.directory, 'requests.txt');
    this.#redisPort = redisPort;
    this.readyMs = readyMs;
  }

  /** Starts the program and waits for its first answer, whatever that is. */
  static async start(system: System, options: SubjectOptions): Promise<Subject> {
    const port = await freePort();
    const directory = mkdtempSync(join(options.scratch, `${system.name}-`));
    mkdirSync(directory, { recursive: true });
    const started = performance.now();
    const child = spawnPinned(options.cores, process.execPath, [...system.program, ...(options.extraArguments ?? [])], {
      cwd: options.root,
      environment: {
        NODE_ENV: 'production',
        SESSION_SECRET: SECRET,
        BENCH_PORT: String(port),
        BENCH_DIRECTORY: directory,
        BENCH_REDIS: `redis://127.0.0.1:${options.redisPort ?? 0}`,
        ...system.environment(port, directory),
        ...options.extraEnvironment,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000);
      });
    }
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() - started > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(`${system.name} did not start:\n${output}`);
      }
    }
    return new Subject(system, child, { port, directory }, options.redisPort, performance.now() - started);
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
    }
    await this.refresh();
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
  async writes(): Promise<number | null> {
    const from = this.system.writes;
    if (from === null) return null;
    if ('redis' in from) return this.#redisPort === null ? null : redisWrites(this.#redisPort);
    return sqliteCommits(join(this.directory, from.sqlite));
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

interface Place {
  readonly port: number;
  readonly directory: string;
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
