/** Several sites behind one TLS port, each with a registrable domain of its own: one of them is the service. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from './certificate.ts';

/** What a site was asked. */
export interface Asked {
  readonly host: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers for a host; may take its time. */
export type Site = (incoming: IncomingMessage, answer: ServerResponse) => void | Promise<void>;

export interface Sites {
  /** Every request to any of them, in order. */
  readonly asked: readonly Asked[];
  /** What makes Chromium take the certificate, and find the hosts on this machine. */
  readonly switches: readonly string[];
  /** `https://<host>:<port>` */
  origin(host: string): string;
  add(host: string, site: Site): void;
  /** The next answer of the service to this path is made, and lost on the way: the browser gets a 502. */
  loseAnswer(path: string): void;
  /** The same, but nobody is told: the browser waits for as long as it likes. */
  swallowAnswer(path: string): void;
  close(): Promise<void>;
}

/** All hosts end in `.test`. What goes to `service.host` is handed on to `service.port` as a proxy does. */
export async function startSites(service: { readonly host: string; readonly port: number }): Promise<Sites> {
  const { key, cert, spki } = makeCertificate('*.test');
  const asked: Asked[] = [];
  const sites = new Map<string, Site>();
  const lost = new Set<string>();
  const swallowed = new Set<string>();

  sites.set(service.host, (incoming, answer) => {
    const { method, url = '', socket } = incoming;
    const badGateway = (): void => {
      answer.writeHead(502, { 'content-type': 'text/html' }).end('<!doctype html><title>Bad gateway</title>');
    };
    const headers = {
      ...incoming.headers,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': socket.remoteAddress ?? '',
    };
    const onward = request({ host: '127.0.0.1', port: service.port, method, path: url, headers }, (reply) => {
      if (lost.delete(url)) {
        // Not a broken connection: after that browsers send the same again by themselves.
        reply.resume();
        badGateway();
        return;
      }
      if (swallowed.delete(url)) {
        reply.resume();
        return;
      }
      answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(answer);
    });
    onward.once('error', () => {
      if (answer.headersSent) answer.destroy();
      else badGateway();
    });
    incoming.pipe(onward);
  });

  const server = createServer({ key, cert }, (incoming, answer) => {
    const { method = '', url = '', headers } = incoming;
    const host = headers.host?.split(':')[0] ?? '';
    asked.push({ host, method, url, headers });
    const site = sites.get(host);
    if (site === undefined) answer.writeHead(404).end();
    else void site(incoming, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    switches: [
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`,
      '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
    origin: (host) => `https://${host}:${port}`,
    add: (host, site) => void sites.set(host, site),
    loseAnswer: (path) => void lost.add(path),
    swallowAnswer: (path) => void swallowed.add(path),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
