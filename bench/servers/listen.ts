/** What all measured servers share: where they listen, and how they end. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { answerFor, HEADERS } from '../answer.ts';

/** What the runner hands to a server through its environment. */
export const PORT = Number(process.env.BENCH_PORT);
export const DIRECTORY: string = process.env.BENCH_DIRECTORY ?? '.';

/** Listens on loopback until SIGTERM. */
export function listen(server: Server, close?: () => unknown): void {
  server.keepAliveTimeout = 72_000;
  server.listen(PORT, '127.0.0.1');
  process.once('SIGTERM', () => {
    server.closeAllConnections();
    server.close(async () => {
      await close?.();
      process.exit(0);
    });
  });
}

/** Sends the answer over plain node:http. */
export function sendAnswer(response: ServerResponse, userId: string): void {
  const body = JSON.stringify(answerFor(userId));
  response.writeHead(200, { ...HEADERS, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The user whom a sign-in request names. */
export async function readUserId(request: IncomingMessage): Promise<string> {
  return ((await json(request)) as { userId: string }).userId;
}
