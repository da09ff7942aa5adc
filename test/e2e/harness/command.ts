/** Runs the real command `holdfast` in a process group of its own, so that a fleet can be killed as one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childEnvironment } from '../../services/child-environment.ts';
import { removeAtExit } from './leftovers.ts';

export interface CommandSetup {
  /** The repository that it runs from. */
  readonly code: string;
  /** The working directory, which is nobody's data directory. */
  readonly directory: string;
  /** All of its environment but PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  /** How far its clock is ahead of ours: lets a minute pass without anybody waiting for it. */
  readonly clockAheadSeconds: number;
}

/** One run of the command. */
export class Command {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor({ code, directory, environment, words, clockAheadSeconds }: CommandSetup) {
    const main = join(code, 'packages', 'server', 'src', 'cli', 'main.ts');
    const clock = clockAheadSeconds === 0 ? [] : ['--import', clockModule(clockAheadSeconds)];
    this.#child = spawn(process.execPath, ['-C', 'holdfast-source', ...clock, main, ...words], {
      cwd: directory,
      env: { ...childEnvironment(), HOME: directory, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    const forget = removeAtExit(() => this.signal('SIGKILL'));
    this.#ended = once(this.#child, 'close').finally(forget);
  }

  /** Everything it wrote so far, both streams. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to the first process alone, as an operator would. */
  ask(signal: 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to every process of the group at once. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    try {
      process.kill(-(this.#child.pid as number), signal);
    } catch {
      // Nobody is left.
    }
  }

  /** The exit status, or the name of the signal that ended it. */
  async ended(): Promise<number | string> {
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode ?? '';
  }
}

function clockModule(aheadSeconds: number): string {
  const source = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length === 0 ? super(Real.now() + ${aheadSeconds * 1000}) : super(...parts); }
      static now() { return Real.now() + ${aheadSeconds * 1000}; }
    };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
