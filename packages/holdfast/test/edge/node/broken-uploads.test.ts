/** Half of an upload never looks like a whole one to whoever reads it, whichever way its sender went. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { edgeListener } from '../../../src/edge/node.ts';
import { http1Browser, http2Browser } from './harness/browser.ts';
import { certificateFor } from './harness/fronts.ts';

for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
  for (const going of [true, false]) {
    const outcome = going ? 'whose sender goes half-way fails for its reader' : 'goes on after an early answer';
    test(`a body ${outcome} (${protocol})`, async (t) => {
      const { promise: read, resolve } = Promise.withResolvers<string>();
      const { request } = edgeListener({
        async fetch(incoming) {
          incoming.text().then(resolve, () => resolve('broken'));
          return new Response('early');
        },
      });
      const tls = await certificateFor(t);
      const server = protocol === 'HTTP/2' ? createSecureServer(tls, request) : createServer(request);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.after(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const browser =
        protocol === 'HTTP/2'
          ? http2Browser(t, `https://127.0.0.1:${port}`, tls.cert)
          : http1Browser(`http://127.0.0.1:${port}`);
      const sent = browser.send('/', { method: 'POST', body: 'stream' });
      sent.upload.write('{"half":');
      const { body } = await sent.answer;
      assert.equal(await text(body), 'early');
      if (going) sent.abort();
      else sent.upload.end('"whole"}');
      assert.equal(await read, going ? 'broken' : '{"half":"whole"}');
    });
  }
}
