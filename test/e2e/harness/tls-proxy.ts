/** What stands in front of a service in production: ends TLS, and says so in `X-Forwarded-Proto`. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificate.ts';

export interface TlsProxy {
  readonly port: number;
  /** What makes Chromium take the certificate, and find the hosts on this machine. */
  readonly switches: readonly string[];
  close(): Promise<void>;
}

export interface TlsProxyOptions {
  /** The host whose requests go to the service. Its sibling hosts get an empty page. */
  readonly host: string;
  /** The registrable domain of them all. */
  readonly domain: string;
  readonly servicePort: number;
}

export async function startTlsProxy({ host, domain, servicePort }: TlsProxyOptions): Promise<TlsProxy> {
  const { key, cert, spki } = makeCertificate(`*.${domain}`);
  const server = createServer({ key, cert }, (incoming, answer) => {
    if (incoming.headers.host?.split(':')[0] === host) forward(incoming, answer, servicePort);
    else answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Another host</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    switches: [
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`,
      `--host-resolver-rules=MAP *.${domain} 127.0.0.1`,
    ],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(incoming: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url, socket } = incoming;
  const headers = {
    ...incoming.headers,
    'x-forwarded-proto': 'https',
    'x-forwarded-for': socket.remoteAddress ?? '',
  };
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
    reply.pipe(answer);
  });
  onward.once('error', () => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502, { 'content-type': 'text/html' }).end('<!doctype html><title>Bad gateway</title>');
  });
  incoming.pipe(onward);
}
