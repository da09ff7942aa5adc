/** Runs a server in as many processes on one port as BENCH_PROCESSES says; by default in this one alone. */
import cluster from 'node:cluster';

export async function inProcesses(serve: () => unknown): Promise<void> {
  const processes = Number(process.env.BENCH_PROCESSES ?? 1);
  if (processes === 1 || cluster.isWorker) {
    await serve();
    return;
  }
  for (let i = 0; i < processes; i++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill('SIGTERM');
    cluster.disconnect(() => process.exit(0));
  });
}
