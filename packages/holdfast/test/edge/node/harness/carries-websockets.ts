/** What an edge promises of WebSockets, as tests for any runtime; both ends are real ones. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Front, RunningFront } from './fronts.ts';
import { deadOrigin, startUpstream, type Upstream } from './upstream.ts';

interface Opened {
  /** The upstream's end. */
  readonly far: WebSocket;
  /** The upgrade as the upstream saw it. */
  readonly request: IncomingMessage;
}

/** An upstream whose next accepted WebSocket is answered by `opened`. */
async function startWebSockets(t: TestContext): Promise<Upstream & { opened(): Promise<Opened> }> {
  const upstream = await startUpstream(t, (_request, response) => response.end('no WebSocket'));
  const sockets = new WebSocketServer({ server: upstream.server, handleProtocols: () => 'chat.v2' });
  const next = Promise.withResolvers<Opened>();
  sockets.on('connection', (far, request) => {
    far.on('error', () => undefined);
    next.resolve({ far, request });
  });
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
    sockets.close();
  });
  return { ...upstream, opened: () => next.promise };
}

function open(t: TestContext, front: RunningFront, headers: Record<string, string> = {}): WebSocket {
  const address = `${front.origin.replace(/^http/, 'ws')}/chat?room=1`;
  const near = new WebSocket(address, ['chat.v1', 'chat.v2'], {
    headers,
    ...(front.ca === undefined ? {} : { ca: front.ca }),
  });
  near.on('error', () => undefined);
  t.after(() => near.terminate());
  return near;
}

/** Status and body of an upgrade that was not accepted. */
async function refusal(near: WebSocket): Promise<{ status: number; text: string; incoming: IncomingMessage }> {
  const [, incoming] = (await once(near, 'unexpected-response')) as [unknown, IncomingMessage];
  return { status: incoming.statusCode ?? 0, text: (await buffer(incoming)).toString(), incoming };
}

export function carriesWebSockets(front: Front): void {
  const on = ` (${front.name})`;

  test(`texts, bytes, and the reason of the end pass both ways through a WebSocket${on}`, async (t) => {
    const upstream = await startWebSockets(t);
    const near = open(t, await front.start(t, { routes: { '/': upstream.origin } }));
    await once(near, 'open');
    assert.equal(near.protocol, 'chat.v2');
    const { far } = await upstream.opened();
    far.on('message', (data, binary) => far.send(data, { binary }));
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256));
    for (const message of ['hello', 'ä€𝄞', bytes]) {
      near.send(message);
      const [data, binary] = (await once(near, 'message')) as [Buffer, boolean];
      assert.equal(binary, typeof message !== 'string');
      assert.ok(data.equals(Buffer.from(message)));
    }
    const [closed, heard] = [once(far, 'close'), once(near, 'close')];
    near.close(4001, 'enough');
    const [code, reason] = (await closed) as [number, Buffer];
    assert.deepEqual([code, String(reason)], [4001, 'enough']);
    assert.equal((await heard)[0], 4001);
  });

  test(`a WebSocket that the upstream ends tells the browser why${on}`, async (t) => {
    const upstream = await startWebSockets(t);
    const near = open(t, await front.start(t, { routes: { '/': upstream.origin } }));
    const { far } = await upstream.opened();
    const closed = once(near, 'close');
    far.close(4401, 'signed-out');
    const [code, reason] = (await closed) as [number, Buffer];
    assert.deepEqual([code, String(reason)], [4401, 'signed-out']);
  });

  test(`an upgrade is told who asks, as any request is${on}`, async (t) => {
    const upstream = await startWebSockets(t);
    const running = await front.start(t, { routes: { '/': upstream.origin } });
    const given = { cookie: 'a=1; b=2', 'x-forwarded-for': '6.6.6.6', 'remote-user': 'root', origin: running.origin };
    open(t, running, given);
    const { request } = await upstream.opened();
    const { headers, url } = request;
    assert.equal(url, '/chat?room=1');
    assert.equal(headers.cookie, 'a=1; b=2');
    assert.equal(headers.origin, running.origin);
    assert.equal(headers['x-forwarded-host'], new URL(running.origin).host);
    assert.equal(headers['x-forwarded-proto'], new URL(running.origin).protocol.slice(0, -1));
    assert.notEqual(headers['x-forwarded-for'], '6.6.6.6');
    assert.match(String(headers['x-request-id']), /^[\w-]{36}$/);
    assert.equal(headers['remote-user'], undefined);
  });

  test(`a page of a foreign origin opens no WebSocket, one of the list does${on}`, async (t) => {
    const upstream = await startWebSockets(t);
    const origins = ['https://app.example', 'https://*.app.example'];
    const running = await front.start(t, { routes: { '/': upstream.origin }, origins });
    let upgrades = 0;
    upstream.server.on('upgrade', () => (upgrades += 1));
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'null']) {
      const { status, text } = await refusal(open(t, running, { origin }));
      assert.equal(status, 403);
      assert.equal(JSON.parse(text).code, 'forbidden-origin');
    }
    assert.equal(upgrades, 0);
    for (const origin of ['https://app.example', 'https://a.b.app.example', running.origin]) {
      await once(open(t, running, { origin }), 'open');
    }
    assert.equal(upgrades, 3);
  });

  test(`what an upstream answers instead of a WebSocket reaches the browser${on}`, async (t) => {
    const upstream = await startUpstream(t, () => undefined);
    upstream.server.on('upgrade', (_request, socket: Socket) => {
      const lines = [
        'HTTP/1.1 401 Unauthorized',
        'X-Session-Reason: expired-idle',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
      ];
      socket.end(`${lines.join('\r\n')}\r\nContent-Length: 7\r\n\r\nsign in`);
    });
    const { status, text, incoming } = await refusal(
      open(t, await front.start(t, { routes: { '/': upstream.origin } })),
    );
    assert.deepEqual([status, text], [401, 'sign in']);
    assert.equal(incoming.headers['x-session-reason'], 'expired-idle');
    assert.deepEqual(incoming.headers['set-cookie'], ['a=1', 'b=2']);
  });

  test(`a WebSocket to an upstream that is down is answered 502${on}`, async (t) => {
    const { status, text, incoming } = await refusal(
      open(t, await front.start(t, { routes: { '/': await deadOrigin() } })),
    );
    assert.equal(status, 502);
    assert.equal(JSON.parse(text).code, 'bad-gateway');
    assert.equal(incoming.headers['retry-after'], '1');
  });

  test(`a WebSocket ends on both sides when either side vanishes${on}`, async (t) => {
    for (const vanishing of ['near', 'far'] as const) {
      const upstream = await startWebSockets(t);
      const near = open(t, await front.start(t, { routes: { '/': upstream.origin } }));
      const [{ far }] = await Promise.all([upstream.opened(), once(near, 'open')]);
      const [gone, left] = vanishing === 'near' ? [near, far] : [far, near];
      const closed = once(left, 'close');
      gone.terminate();
      const [code] = (await closed) as [number];
      assert.ok(code === 1006 || code === 1001, `closed with ${code}`);
    }
  });
}
