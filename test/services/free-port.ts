/** Finds loopback ports for servers, which stay theirs while they are down and come back. */
import { createServer } from 'node:net';

/**
 * Below the range from which systems choose ports for outgoing connections (32 768 on Linux): one of those could take
 * the port of a server that is down for a moment. Apart from the range that the programs under test look in, too.
 */
const LOWEST = 10_000;
const HIGHEST = 20_000;
const ATTEMPTS = 4;

/** Never the same twice in one process, because a server's port is free while it restarts. */
const given = new Set<number>();

/** A port of 127.0.0.1 on which nobody listens and that this function has not answered before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

/** Starts on a free port, and on another one when a stranger took it between the look and the start. */
export async function startOnFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken = error instanceof Error && /address already in use|EADDRINUSE/i.test(error.message);
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
