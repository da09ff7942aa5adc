/** What an edge promises of every message that it carries, as tests for any runtime. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { waitUntil } from '../../../../../../test/services/wait-until.ts';
import { valuesOf } from './browser.ts';
import type { Front } from './fronts.ts';
import { deadOrigin, startUpstream } from './upstream.ts';

const COOKIES = [
  '__Host-session_access=AbC-_09; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
  '__Host-session_refresh=a.b==; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000',
  'lang=de; expires=Wed, 21 Oct 2037 07:28:00 GMT; path=/',
  'odd="quoted; , value"; Path=/;Secure',
  'gone=; Max-Age=0; Domain=.example.test',
];

export function carriesMessages(front: Front): void {
  const on = ` (${front.name})`;

  test(`five Set-Cookie lines arrive as five, byte for byte and in order${on}`, async (t) => {
    const upstream = await startUpstream(t, (_request, response) => {
      response.setHeader('set-cookie', COOKIES);
      response.end('hello');
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const answer = await browser.ask('/');
    assert.deepEqual(valuesOf(answer, 'set-cookie'), COOKIES);
    assert.deepEqual(valuesOf(answer, 'x-session-hint'), []);
    assert.equal(answer.text, 'hello');
  });

  test(`each event of a stream arrives before the next one is sent${on}`, async (t) => {
    let stream: ServerResponse | undefined;
    const upstream = await startUpstream(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      stream = response;
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const { body, status } = await browser.send('/events').answer;
    assert.equal(status, 200);
    for (let number = 0; number < 4; number += 1) {
      stream?.write(`data: ${number}\n\n`);
      const [chunk] = await once(body, 'data');
      assert.equal(String(chunk), `data: ${number}\n\n`);
    }
    stream?.end();
    body.resume();
    await once(body, 'end');
  });

  test(`each part of an upload arrives before the next one is sent${on}`, async (t) => {
    const upload = Promise.withResolvers<IncomingMessage>();
    const upstream = await startUpstream(t, (request, response) => {
      upload.resolve(request);
      request.once('end', () => response.end('got it'));
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/upload', { method: 'POST', body: 'stream' });
    sent.upload.write('part 0');
    const received = await upload.promise;
    for (let number = 0; number < 4; number += 1) {
      if (number > 0) sent.upload.write(`part ${number}`);
      const [chunk] = await once(received, 'data');
      assert.equal(String(chunk), `part ${number}`);
    }
    sent.upload.end();
    const { body } = await sent.answer;
    assert.equal((await buffer(body)).toString(), 'got it');
  });

  test(`an upstream that answers while the upload goes on is heard at once${on}`, async (t) => {
    const upstream = await startUpstream(t, (request, response) => {
      response.writeHead(200).flushHeaders();
      request.on('data', (chunk) => response.write(`echo ${chunk}`));
      request.once('end', () => response.end());
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/talk', { method: 'POST', body: 'stream' });
    sent.upload.write('0');
    const { body } = await sent.answer;
    for (let number = 0; number < 4; number += 1) {
      if (number > 0) sent.upload.write(String(number));
      const [chunk] = await once(body, 'data');
      assert.equal(String(chunk), `echo ${number}`);
    }
    sent.upload.end();
    body.resume();
    await once(body, 'end');
  });

  test(`compressed bytes pass as they are${on}`, async (t) => {
    const packed = gzipSync(Buffer.from('the same again, '.repeat(1000)), { level: 1 });
    const upstream = await startUpstream(t, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain', etag: '"abc"' }).end(packed);
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const answer = await browser.ask('/', { headers: { 'accept-encoding': 'gzip' } });
    assert.deepEqual(valuesOf(answer, 'content-encoding'), ['gzip']);
    assert.deepEqual(valuesOf(answer, 'etag'), ['"abc"']);
    assert.ok(answer.bytes.equals(packed), `${answer.bytes.length} of ${packed.length} bytes, or other ones`);
  });

  test(`64 MiB pass both ways unchanged${on}`, async (t) => {
    const [megabyte, megabytes] = [randomBytes(1 << 20), 64];
    const upstream = await startUpstream(t, async (request, response) => {
      const hash = createHash('sha256');
      for await (const chunk of request) hash.update(chunk);
      response.setHeader('x-received', hash.digest('hex'));
      for (let sent = 0; sent < megabytes; sent += 1) if (!response.write(megabyte)) await once(response, 'drain');
      response.end();
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/big', { method: 'PUT', body: 'stream' });
    const expected = createHash('sha256');
    for (let written = 0; written < megabytes; written += 1) {
      expected.update(megabyte);
      if (!sent.upload.write(megabyte)) await once(sent.upload, 'drain');
    }
    sent.upload.end();
    const answer = await sent.answer;
    const received = createHash('sha256');
    for await (const chunk of answer.body) received.update(chunk);
    const digest = expected.digest('hex');
    assert.deepEqual(valuesOf(answer, 'x-received'), [digest]);
    assert.equal(received.digest('hex'), digest);
  });

  test(`an upstream waits for a browser that does not read${on}`, async (t) => {
    let accepted = 0;
    let waiting = false;
    const upstream = await startUpstream(t, async (_request, response) => {
      response.writeHead(200);
      for (; accepted < 512; accepted += 1) {
        waiting = !response.write(Buffer.alloc(1 << 20));
        if (waiting) await once(response, 'drain');
        waiting = false;
      }
      response.end();
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/endless');
    const { body } = await sent.answer;
    body.pause();
    let before = -1;
    await waitUntil(
      'the upstream stands still',
      () => {
        const still = waiting && accepted === before;
        before = accepted;
        return still;
      },
      { everyMs: 250 },
    );
    // Buffers of four sockets and of two processes; without back-pressure it would be all of it.
    assert.ok(accepted < 64, `${accepted} MiB under way`);
    sent.abort();
  });

  test(`a browser waits for an upstream that does not read${on}`, async (t) => {
    const upstream = await startUpstream(t, (request) => request.pause());
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/full', { method: 'POST', body: 'stream' });
    let accepted = 0;
    let drained = true;
    let before = -1;
    await waitUntil(
      'the browser stands still',
      () => {
        for (; drained && accepted < 512; accepted += 1) {
          drained = sent.upload.write(Buffer.alloc(1 << 20));
          if (!drained) sent.upload.once('drain', () => (drained = true));
        }
        const still = accepted === before;
        before = accepted;
        return still;
      },
      { everyMs: 250 },
    );
    assert.ok(accepted < 64, `${accepted} MiB under way`);
    sent.abort();
  });

  test(`an upstream that refuses an upload half-way is heard${on}`, async (t) => {
    const upstream = await startUpstream(t, (request, response) => {
      request.once('data', () => response.writeHead(413).end('too large'));
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/upload', { method: 'POST', body: 'stream' });
    const sending = setInterval(() => sent.upload.writableNeedDrain || sent.upload.write(Buffer.alloc(20_000)), 5);
    t.after(() => clearInterval(sending));
    const { status, body } = await sent.answer;
    const [chunk] = await once(body, 'data');
    assert.deepEqual([status, String(chunk)], [413, 'too large']);
    sent.abort();
  });

  test(`100 parallel requests each get their own answer${on}`, async (t) => {
    const upstream = await startUpstream(t, async (request, response) => {
      const body = await buffer(request);
      response.setHeader('set-cookie', [`who=${request.url?.slice(1)}`, 'second=1']);
      response.end(`${request.method} ${request.url} ${body}`);
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const answer = await browser.ask(`/${number}`, { method: 'POST', body: `body ${number}` });
        assert.equal(answer.text, `POST /${number} body ${number}`);
        assert.deepEqual(valuesOf(answer, 'set-cookie'), [`who=${number}`, 'second=1']);
      }),
    );
  });

  test(`a browser that goes before the answer stops the upstream${on}`, async (t) => {
    const asked = Promise.withResolvers<ServerResponse>();
    const upstream = await startUpstream(t, (_request, response) => asked.resolve(response));
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/slow');
    const response = await asked.promise;
    const closed = once(response, 'close', { signal: AbortSignal.timeout(10_000) });
    sent.abort();
    await closed;
  });

  test(`a browser that goes amid the answer stops the upstream${on}`, async (t) => {
    const asked = Promise.withResolvers<ServerResponse>();
    const upstream = await startUpstream(t, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
      asked.resolve(response);
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const sent = browser.send('/events');
    const { body } = await sent.answer;
    body.on('error', () => undefined).resume();
    const response = await asked.promise;
    const closed = once(response, 'close', { signal: AbortSignal.timeout(10_000) });
    sent.abort();
    await closed;
  });

  for (const length of ['100', undefined]) {
    const kind = length === undefined ? 'in chunks' : 'of known length';
    test(`an upload ${kind} whose browser goes is a broken one for the upstream${on}`, async (t) => {
      const body = Promise.withResolvers<string>();
      const upstream = await startUpstream(t, (request) => {
        request.on('error', () => body.resolve('broken'));
        request.once('end', () => body.resolve('whole'));
        request.once('data', () => sent.abort());
      });
      const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
      const headers = length === undefined ? {} : { 'content-length': length };
      const sent = browser.send('/upload', { method: 'POST', headers, body: 'stream' });
      sent.upload.write('{"half":');
      assert.equal(await body.promise, 'broken');
    });

    const outcome = length === undefined && front.endsBrokenChunks ? 'whole' : 'broken';
    test(`an upstream that dies amid an answer ${kind} leaves a ${outcome} one${on}`, async (t) => {
      const upstream = await startUpstream(t, (_request, response) => {
        if (length) response.setHeader('content-length', length);
        response.write('{"half":', () => setImmediate(() => response.destroy()));
      });
      const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
      const got = await browser.ask('/').then(
        () => 'whole',
        () => 'broken',
      );
      assert.equal(got, outcome);
    });
  }

  test(`an upstream that is down is a 502 problem that touches no cookie${on}`, async (t) => {
    const { browser } = await front.start(t, { routes: { '/': await deadOrigin() } });
    for (const method of ['GET', 'POST']) {
      const answer = await browser.ask('/', { method, headers: { cookie: 'session=1' } });
      assert.equal(answer.status, 502);
      assert.equal(JSON.parse(answer.text).code, 'bad-gateway');
      assert.deepEqual(valuesOf(answer, 'content-type'), ['application/problem+json']);
      assert.deepEqual(valuesOf(answer, 'retry-after'), ['1']);
      assert.deepEqual(valuesOf(answer, 'cache-control'), ['no-store']);
      assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
    }
  });

  test(`answers without a body stay without, whatever their headers say${on}`, async (t) => {
    const upstream = await startUpstream(t, (request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, status === 200 ? { 'content-length': '5' } : {}).end();
    });
    const { browser } = await front.start(t, { routes: { '/': upstream.origin } });
    const head = await browser.ask('/200', { method: 'HEAD' });
    assert.deepEqual([head.status, valuesOf(head, 'content-length'), head.bytes.length], [200, ['5'], 0]);
    for (const status of [204, 304]) assert.equal((await browser.ask(`/${status}`)).status, status);
  });
}
