/** Puts an edge behind Node's servers: node:http, node:https and node:http2. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Edge } from '../options.ts';
import { takeUpgraded } from './handoff.ts';
import { type AddressOptions, asksForWebSocket, type NodeRequest, toRequest, UnservableRequest } from './request.ts';
import { type NodeResponse, writeResponse } from './response.ts';
import { joinSockets } from './sockets.ts';

/** What a server of Node is given. */
export interface EdgeListener {
  /** For `request` events, or as the argument of `createServer`. */
  readonly request: (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => void;
  /** For `upgrade` events. Without it an upgrade reaches the upstream as an ordinary GET: WebSockets are not passed on. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/**
 * ```ts
 * const edge = createEdge({ routes: { '/': 'http://127.0.0.1:3000' }, transport: nodeTransport() });
 * const { request, upgrade } = edgeListener(edge);
 * createServer(request).on('upgrade', upgrade).listen(8080, '127.0.0.1');
 * ```
 * Throws a `TypeError` for an address that is none. WebSockets need an edge whose transport is a `nodeTransport`.
 */
export function edgeListener(edge: Edge, options: AddressOptions = {}): EdgeListener {
  const address = resolveAddress(options);

  const answer = async (
    incoming: NodeRequest,
    gone: AbortSignal,
    upgrade: 'upgrade' | 'no-upgrade',
  ): Promise<Response> => {
    try {
      const request = toRequest(incoming, gone, address, upgrade);
      const protocol = request.url.startsWith('https:') ? 'https' : 'http';
      const clientIp = incoming.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '');
      const response = await edge.fetch(request, { protocol, ...(clientIp === undefined ? {} : { clientIp }) });
      // An upload that the edge refused: bytes that stay in the connection would block the next request on it.
      if (request.body?.locked === false) await request.body.cancel();
      return response;
    } catch (error) {
      if (error instanceof UnservableRequest) return error.toResponse();
      process.emitWarning(error instanceof Error ? error : String(error));
      return new UnservableRequest('internal-error', 'The edge failed.').toResponse();
    }
  };

  const serve = async (incoming: NodeRequest, outgoing: NodeResponse): Promise<void> => {
    const client = new AbortController();
    outgoing.on('close', () => {
      // Not `writableFinished`, which HTTP/2 sets on every stream that is closed.
      if (!outgoing.writableEnded) client.abort(new Error('The client has gone.'));
      else if (incoming.httpVersionMajor === 1 && !incoming.complete) watchRest(incoming);
    });
    let response = await answer(incoming, client.signal, 'no-upgrade');
    if (response.status === 101) {
      // A transport of one's own may have opened what nobody asked for; nothing else would ever close it.
      takeUpgraded(response)?.socket.destroy();
      response = new UnservableRequest('bad-gateway', 'The upstream changed the protocol unasked.').toResponse();
    }
    await writeResponse(response, outgoing, incoming.method ?? '');
  };

  const upgrade = async (incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const client = new AbortController();
    const abort = (): void => client.abort(new Error('The client has gone.'));
    socket.on('error', abort);
    socket.once('close', abort);
    const response = asksForWebSocket(incoming)
      ? await answer(incoming, client.signal, 'upgrade')
      : new UnservableRequest('bad-request', 'Only WebSockets are upgraded to here.').toResponse();
    socket.off('close', abort);
    const upgraded = takeUpgraded(response);
    if (upgraded !== undefined) {
      joinSockets(response.headers, { socket, head }, upgraded);
      return;
    }
    // Node has let go of the connection, so that the answer is the last on it.
    const outgoing = new ServerResponse(incoming);
    outgoing.shouldKeepAlive = false;
    outgoing.assignSocket(socket as Parameters<typeof outgoing.assignSocket>[0]);
    outgoing.once('finish', () => socket.end());
    await writeResponse(response, outgoing, incoming.method ?? '');
  };

  return Object.freeze({
    request: (incoming: NodeRequest, outgoing: NodeResponse) => void serve(incoming, outgoing),
    upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void upgrade(incoming, socket, head),
  });
}

/** After the answer Node itself tells an upload no more that its connection was lost. */
function watchRest(incoming: NodeRequest): void {
  const { socket } = incoming;
  const lost = (): void => void incoming.destroy();
  socket.once('close', lost);
  incoming.once('close', () => socket.off('close', lost));
}

function resolveAddress({ publicOrigin, hosts }: AddressOptions): AddressOptions {
  const problems: string[] = [];
  if (publicOrigin !== undefined && (!URL.canParse(publicOrigin) || new URL(publicOrigin).origin !== publicOrigin)) {
    problems.push(`publicOrigin: ${publicOrigin} is no origin; write it like https://app.example`);
  }
  for (const host of hosts ?? []) {
    if (!URL.canParse(`http://${host}`) || new URL(`https://${host}`).host !== host)
      problems.push(`hosts: ${host} is no host name; write it like app.example or localhost:8080`);
  }
  if (problems.length > 0) throw new TypeError(`The edge cannot be served:\n${problems.join('\n')}`);
  return { ...(publicOrigin === undefined ? {} : { publicOrigin }), ...(hosts === undefined ? {} : { hosts }) };
}
