/**
 * Several processes on one port. The first one reads the configuration once and hands it to the others over their private
 * channel (never through the environment, which others can read), so all of them have the same key ring.
 */
import cluster, { type Worker } from 'node:cluster';
import type { Config, ConfigProblem } from '../config/config.ts';
import { EXIT } from './output.ts';

/** What the first process sends to each worker. */
export interface WorkerTask {
  readonly config: Config;
  readonly acceptSignOut: boolean;
}

/** What a worker sends back: where it serves, or why it cannot. */
export type WorkerNews = { readonly ready: string } | { readonly refused: readonly ConfigProblem[] };

export interface FleetOptions extends WorkerTask {
  readonly workers: number;
  /** Called once, when every worker serves. */
  readonly onReady: (publicUrl: string) => void;
  /** Called once, though every worker comes to the same conclusion. */
  readonly onRefused: (problems: readonly ConfigProblem[]) => void;
  readonly onRestart: (pid: number, cause: string) => void;
}

/** A worker that dies at once is started again after a pause, so that a broken machine is not kept busy with starting. */
const RESTART_PAUSE_MS = 500;
/** A little more than a worker itself takes at most. */
const STOP_LIMIT_MS = 12_000;

/** Starts the workers and keeps them running until SIGTERM or SIGINT; answers the exit status. */
export function runFleet(options: FleetOptions): Promise<number> {
  const { workers, config, acceptSignOut, onReady, onRefused, onRestart } = options;
  const task: WorkerTask = { config, acceptSignOut };
  return new Promise((resolve) => {
    let stopping = false;
    let served = 0;
    let told = false;
    let worst: number = EXIT.ok;

    const start = (): void => {
      const worker = cluster.fork();
      living.add(worker);
      worker.on('online', () => worker.send(task));
      worker.on('message', (news: WorkerNews) => {
        if ('refused' in news) {
          if (!told) onRefused(news.refused);
          told = true;
          return;
        }
        served += 1;
        if (served === workers) onReady(news.ready);
      });
    };
    // Kept here, because the module's own list changes at one of two events that come in either order.
    const living = new Set<Worker>();
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      for (const worker of living) worker.process.kill('SIGTERM');
      setTimeout(() => {
        for (const worker of living) worker.process.kill('SIGKILL');
      }, STOP_LIMIT_MS).unref();
      if (living.size === 0) resolve(worst);
    };

    cluster.on('exit', (worker, code, signal) => {
      living.delete(worker);
      // A worker that refuses the configuration would refuse it again.
      const refused = code === EXIT.config || (served < workers && code === EXIT.failure);
      if (refused) worst = code;
      if (refused) stop();
      if (stopping) {
        if (code !== null && code !== 0) worst = Math.max(worst, code);
        if (living.size === 0) resolve(worst);
        return;
      }
      onRestart(worker.process.pid ?? 0, signal ?? `status ${code}`);
      setTimeout(() => {
        if (!stopping) start();
      }, RESTART_PAUSE_MS);
    });
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    for (let i = 0; i < workers; i++) start();
  });
}

/** In a worker: resolves when the news are on their way, so that the process may end. */
export function tellFleet(news: WorkerNews): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(news, undefined, {}, () => resolve());
  });
}

/** In a worker: the task, once it has come. */
export function receiveTask(): Promise<WorkerTask> {
  return new Promise((resolve) => {
    process.once('message', (task) => resolve(task as WorkerTask));
  });
}
