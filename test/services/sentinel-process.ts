/** One sentinel, started with what it would otherwise have to find out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRedisServer } from '../../scripts/needed-programs.ts';
import { isReady } from './redis.ts';
import { redisCommand, replyText } from './redis-command.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface Sentinel {
  readonly host: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** What the system around a sentinel does with it. */
export interface RunningSentinel extends Sentinel {
  /** `SENTINEL …`, as text. */
  ask(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const ANSWER_MS = 1_000;

/** Starts one on a port with the lines of its configuration; answers when it takes commands. */
export async function startSentinel(port: number, config: string): Promise<RunningSentinel> {
  const directory = makeTemporaryDirectory('sentinel');
  // A sentinel writes down what it learns, in the same file.
  const file = join(directory.path, 'sentinel.conf');
  writeFileSync(file, config);
  let server: ServerProcess;
  try {
    server = await startServerProcess({
      file: findRedisServer(process.env) ?? 'redis-server',
      args: [file, '--sentinel'],
      directory: directory.path,
      isReady: ({ pid }) => isReady({ host: HOST, port }, pid),
    });
  } catch (error) {
    directory.remove();
    throw error;
  }
  return {
    host: HOST,
    port,
    kill: () => server.kill(),
    ask: async (...args) =>
      replyText(await redisCommand({ host: HOST, port, timeoutMs: ANSWER_MS }, ['SENTINEL', ...args])),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async stop() {
      await server.stop();
      directory.remove();
    },
  };
}
