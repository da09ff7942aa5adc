/** Runs the command as real processes, as people do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../../../test/services/child-environment.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const START_LIMIT_MS = 20_000;

/** A process of the command. */
export interface Command {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it wrote so far, both streams. */
  output(): string;
  /** Resolves when the text has appeared `times` times; rejects with the output when it ends before. */
  says(text: string | RegExp, times?: number): Promise<string>;
  /** Resolves with the exit status, or the signal's name. */
  ended(): Promise<number | string>;
}

export interface CommandOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Words to put before the command, such as a shell that sets a limit. */
  readonly through?: readonly string[];
}

/** Starts the command; whatever is left of it ends with the test. */
export function startCommand(test: TestContext, words: readonly string[], options: CommandOptions): Command {
  const [file = process.execPath, ...before] = [...(options.through ?? []), process.execPath];
  const child = spawn(file, [...before, '-C', 'holdfast-source', MAIN, ...words], {
    cwd: options.directory,
    env: { ...childEnvironment(), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const watchers = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const watch of watchers) watch();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const closed = once(child, 'close');
  test.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await closed;
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    says(text, times = 1) {
      return new Promise((resolve, reject) => {
        const fail = (why: string): void => reject(new Error(`${why} before saying ${text}:\n${output}`));
        const timer = setTimeout(() => fail('waited too long'), START_LIMIT_MS);
        const watch = (): void => {
          const found = output.split(text).length - 1 >= times;
          if (!found) return;
          clearTimeout(timer);
          watchers.delete(watch);
          resolve(output);
        };
        watchers.add(watch);
        void closed.then(() => {
          clearTimeout(timer);
          fail('it ended');
        });
        watch();
      });
    },
    async ended() {
      await closed;
      return child.exitCode ?? child.signalCode ?? -1;
    },
  };
}
