/** Knows the connections that never carried a request: browsers open them ahead of need, and they would hold up a stop. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Watches the server; the returned function drops what is unused. Node does not count such connections as idle. */
export function watchUnusedConnections(server: Server): () => void {
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return () => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
}
