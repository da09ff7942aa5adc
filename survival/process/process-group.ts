/** Runs a program in a process group of its own, so that all of its workers can be killed as one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { childEnvironment } from '../../test/services/child-environment.ts';
import { removeAtExit } from './leftovers.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** All of its environment but PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
}

const STOP_LIMIT_MS = 20_000;
const POLL_MS = 20;
/** Enough to see why something failed; a server that logs every request must not fill the memory. */
const OUTPUT_LIMIT = 64 * 1024;

export class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor({ file, args, directory, environment }: Program) {
    this.#child = spawn(file, args, {
      cwd: directory,
      env: { ...childEnvironment(), HOME: directory, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_LIMIT);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.once('error', (error) => keep(Buffer.from(`${file}: ${error.message}\n`)));
    const forget = removeAtExit(() => this.signal('SIGKILL'));
    this.#ended = once(this.#child, 'close').finally(forget);
    this.#ended.catch(() => {});
  }

  /** The last of what it wrote, both streams. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to every process of the group at once. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nobody is left.
    }
  }

  /** SIGTERM to the first process, as an operator does; kills what has not ended after 20 s. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_LIMIT_MS);
    await this.ended();
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  /** The exit status, or the name of the signal that ended it. */
  async ended(): Promise<number | string> {
    await this.#ended.catch(() => {});
    return this.#child.exitCode ?? this.#child.signalCode ?? 'never started';
  }

  /** Resolves once the question is answered yes; rejects when the program ends or time does before. */
  async until(isReady: () => Promise<boolean> | boolean, limitMs = 30_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!(await isReady())) {
      if (!this.isRunning) throw new Error(`it ended while starting:\n${this.#output}`);
      if (performance.now() > deadline) throw new Error(`it was not ready within ${limitMs} ms:\n${this.#output}`);
      await pause(POLL_MS);
    }
  }
}
