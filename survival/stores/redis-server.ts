/** A Redis of the run's own, on a free port and in a temporary directory, reached through a wire that can be made slow. */
import { spawnSync } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoreControl } from '../adapter.ts';
import { freePort } from '../process/free-port.ts';
import { ProcessGroup } from '../process/process-group.ts';

/** A Redis with the address that applications use. */
export interface RedisServer {
  readonly url: string;
  readonly control: StoreControl;
  stop(): Promise<void>;
}

export function redisVersion(): string {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /v=([\d.]+)/.exec(stdout ?? '')?.[1] ?? 'unknown';
}

/** Starts one that writes every change to the disk: what gets lost then was not lost by Redis. */
export async function startRedis(directory: string): Promise<RedisServer> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  let server = await launch();
  let delayMs = 0;
  const wire = await openWire(port, () => delayMs);

  async function launch(): Promise<ProcessGroup> {
    const started = new ProcessGroup({ file: 'redis-server', args: [...args, ...durable], directory, environment: {} });
    await started.until(() => answers(port));
    return started;
  }

  return {
    url: `redis://127.0.0.1:${wire.port}`,
    control: {
      description: 'redis-server gets SIGSTOP to freeze and kill -9 to break; its append-only file is synced always',
      async freeze() {
        server.signal('SIGSTOP');
      },
      async break() {
        await server.kill();
      },
      async restore() {
        if (server.isRunning) server.signal('SIGCONT');
        else server = await launch();
      },
      async slow(milliseconds) {
        delayMs = milliseconds;
      },
    },
    async stop() {
      await wire.close();
      await server.kill();
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}

/** Passes bytes on in order; with a delay, each piece towards Redis takes a random time up to it. */
async function openWire(target: number, delayMs: () => number): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    far.pipe(near);
    let turn: Promise<unknown> = Promise.resolve();
    near.on('data', (chunk: Buffer) => {
      const wait = Math.random() * delayMs();
      turn = turn.then(() => (wait > 0 ? pause(wait) : undefined)).then(() => far.write(chunk));
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
