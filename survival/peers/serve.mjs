/** Runs a peer's application in one process or, with WORKERS, in several on one port. */
import cluster from 'node:cluster';

/** `start` opens the port; it runs once per process. */
export async function serve(start) {
  const workers = Number(process.env.WORKERS ?? 1);
  if (workers === 1 || cluster.isWorker) {
    await start();
    return;
  }
  for (let i = 0; i < workers; i++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
  // A worker that cannot start ends the application; one that was stopped does not.
  cluster.on('exit', (_worker, status, signal) => {
    if (status !== 0 && signal !== 'SIGTERM') process.exit(status ?? 1);
  });
}

/** The keys, newest first; undefined where none is set, as `process.env.SESSION_SECRET` would be. */
export function keyRing() {
  return process.env.SESSION_SECRET?.split(',');
}
