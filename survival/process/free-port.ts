/** Finds a port that stays ours while the process on it is down. */
import { createServer } from 'node:net';

/** Below the range from which systems choose ports for outgoing connections: one of those could take it meanwhile. */
const LOWEST = 20_000;
const HIGHEST = 30_000;

/** A port of loopback on which nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
