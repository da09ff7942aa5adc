/** Joins two sockets after an upgrade: from here on the edge only carries bytes. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Upgraded } from './handoff.ts';

const KEEP_ALIVE_MS = 60_000;

/** Tells the client that the upgrade is accepted and carries bytes both ways, until one of the two closes. */
export function joinSockets(headers: Headers, client: Upgraded, upstream: Upgraded): void {
  const [near, far] = [client.socket, upstream.socket];
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
  for (const [name, value] of headers) if (name !== 'connection' && name !== 'upgrade') lines.push(`${name}: ${value}`);
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    if (socket instanceof Socket) quicken(socket);
    // Without a listener a connection that was reset would end the process.
    socket.on('error', () => other.destroy());
    // After what was written to it has left: the last frame says why.
    socket.once('close', () => (other instanceof Socket ? other.destroySoon() : other.destroy()));
  }
  near.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (upstream.head.length > 0) near.write(upstream.head);
  if (client.head.length > 0) far.write(client.head);
  if (near.destroyed) far.destroy();
  near.pipe(far);
  far.pipe(near);
}

/** Frames are small and wait for nobody; peers that vanished without a word are noticed. */
function quicken(socket: Duplex & Pick<Socket, 'setNoDelay' | 'setKeepAlive' | 'setTimeout'>): void {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}
