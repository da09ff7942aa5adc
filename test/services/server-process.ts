/** A server as a child process: started until it answers, stopped, killed, frozen, and never left behind. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { atExit } from './at-exit.ts';
import { childrenOf, hasEnded, sendSignal } from './process-children.ts';
import type { SystemUser } from './system-user.ts';
import { waitUntil } from './wait-until.ts';

export interface ServerProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Who it runs as; default: who runs this process. */
  readonly user?: SystemUser | null;
  /** Whether this very process, and not another one on the same port, is ready; throwing means "not yet". */
  readonly isReady: (server: ServerProcess) => boolean | Promise<boolean>;
  /** How long it may take until it is ready, in milliseconds; default 20 000, for a machine that is busy. */
  readonly readyMs?: number;
  /** What asks it to end in order; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it gets SIGKILL, in milliseconds; default 5 000. */
  readonly stopMs?: number;
}

const KEPT_LINES = 40;
const PROBE_EVERY_MS = 5;

/** Answers when the server is ready; otherwise throws with the last lines that it wrote, and leaves nothing running. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const server = new ServerProcess(options);
  try {
    await server.untilReady();
    return server;
  } catch (error) {
    await server.kill();
    throw error;
  }
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #end: string | null = null;
  #paused: readonly number[] = [];
  #output = '';

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    const [file = '', ...args] = [...diesWithUs(), options.file, ...options.args];
    const { uid, gid } = options.user ?? {};
    this.#child = spawn(file, args, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).split('\n').slice(-KEPT_LINES).join('\n');
      });
    }
    const forget = atExit(() => this.#signalAll('SIGKILL'));
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#end ??= how;
        forget();
        resolve();
      };
      this.#child.once('error', (error) => end(`could not be run (${error.message})`));
      // 'close' and not 'exit': its last words have arrived by then.
      this.#child.once('exit', (code, signal) => {
        this.#end ??= signal === null ? `ended with code ${code}` : `died of ${signal}`;
      });
      this.#child.once('close', () => end('ended'));
    });
  }

  /** The process id; 0 when the program could not be run. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#end === null;
  }

  /** The last lines that it wrote to its standard output and error. */
  get output(): string {
    return this.#output.trimEnd();
  }

  async untilReady(): Promise<void> {
    const { file, isReady, readyMs = 20_000 } = this.#options;
    const options = { deadlineMs: readyMs, everyMs: PROBE_EVERY_MS };
    const look = async (): Promise<boolean> => !this.isRunning || (await isReady(this));
    try {
      await waitUntil('it answered', look, options);
    } catch (error) {
      throw new Error(`${file} is not ready after ${readyMs / 1000} s. It last said:\n${this.output}`, {
        cause: error,
      });
    }
    if (this.isRunning) return;
    await this.#ended;
    throw new Error(`${file} ${this.#end} at its start. It last said:\n${this.output}`);
  }

  /** Lets it end in order, and kills it when it takes too long; idempotent. */
  async stop(): Promise<void> {
    this.resume();
    if (this.isRunning) this.#child.kill(this.#options.stopSignal ?? 'SIGTERM');
    const deadline = new AbortController();
    const tooLate = pause(this.#options.stopMs ?? 5_000, true, { signal: deadline.signal }).catch(() => false);
    const isLate = await Promise.race([this.#ended.then(() => false), tooLate]);
    deadline.abort();
    if (isLate) await this.kill();
  }

  /** SIGKILL to it and everything it forked, as a machine that loses its power; idempotent. */
  async kill(): Promise<void> {
    const all = this.#signalAll('SIGKILL');
    await this.#ended;
    await waitUntil('all its processes had ended', () => all.every(hasEnded));
  }

  /** Freezes it with everything it forked: connections stay open and nothing answers. */
  pause(): void {
    if (this.isRunning && this.#paused.length === 0) this.#paused = this.#signalAll('SIGSTOP');
  }

  /** Undoes `pause`. */
  resume(): void {
    for (const pid of this.#paused) sendSignal(pid, 'SIGCONT');
    this.#paused = [];
  }

  /** Stops the parent first, so that it forks no more while its children are listed. */
  #signalAll(signal: NodeJS.Signals): readonly number[] {
    if (!this.isRunning || this.pid === 0) return [];
    sendSignal(this.pid, 'SIGSTOP');
    const all = [...childrenOf(this.pid), this.pid];
    for (const pid of all) sendSignal(pid, signal);
    return all;
  }
}

let deathWrapper: readonly string[] | null = null;

/**
 * What to put before a command on Linux so that the kernel kills the server when this process dies, even of SIGKILL,
 * which no hook survives (prctl(2), PR_SET_PDEATHSIG). The program replaces `setpriv`, so the process id is its own.
 */
function diesWithUs(): readonly string[] {
  if (deathWrapper === null) {
    const wrapper = ['setpriv', '--pdeathsig', 'KILL', '--'];
    const [file = '', ...args] = [...wrapper, 'true'];
    deathWrapper = spawnSync(file, args, { stdio: 'ignore' }).status === 0 ? wrapper : [];
  }
  return deathWrapper;
}
