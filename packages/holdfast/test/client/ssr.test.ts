/** Asking for a page: what is passed on, what counts as an answer, and how the answer stands in the page. */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type AskForPageOptions, askForPage, initialScript, readInitial } from '../../src/client/ssr.ts';
import type { ValidateAnswer } from '../../src/protocol/validate.ts';

const ANSWER = {
  valid: true,
  user: { id: 'ada' },
  session: {
    id: 'AAAAAAAAAAAAAAAAAAAAAA',
    created_at: '2030-01-01T00:00:00.000Z',
    expires_at: '2030-02-01T00:00:00.000Z',
    idle_expires_at: '2030-01-08T00:00:00.000Z',
    authenticated_at: '2030-01-01T00:00:00.000Z',
    amr: ['pwd'],
  },
  now: '2030-01-02T00:00:00.000Z',
} as const;

const NOBODY_KNOWS = { initial: null, setCookie: [], headers: [['cache-control', 'no-store']] };

/** A service that answers as the listener does. */
async function startService(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(service: string, headers: Record<string, string> = {}, options: Partial<AskForPageOptions> = {}) {
  const request = new Request('https://app.example/account?tab=1', { headers });
  const page = await askForPage(request, { service, ...options });
  return { ...page, headers: [...page.headers] };
}

test('the service is asked in the browser’s name, and what is meant for this server stays here', async (t) => {
  let asked: { readonly line: string; readonly headers: IncomingHttpHeaders } | null = null;
  const service = await startService(t, ({ method, url, headers }, response) => {
    asked = { line: `${method} ${url}`, headers };
    response.end(JSON.stringify(ANSWER));
  });
  const passedOn = {
    cookie: '__Host-session_access=a; __Host-session_refresh=b',
    'user-agent': 'Browser/1',
    'sec-purpose': 'prefetch;prerender',
    'x-session-activity': 'passive',
  };
  const kept = {
    authorization: 'Bearer secret',
    origin: 'https://app.example',
    'sec-fetch-site': 'cross-site',
    'x-y': '1',
    'x-forwarded-for': '6.6.6.6',
    forwarded: 'for=6.6.6.6',
  };
  const page = await ask(`${service}/`, { ...passedOn, ...kept }, { headers: { 'x-proxy': 'known' } });
  assert.deepEqual(page.initial, ANSWER);
  assert.ok(asked !== null);
  const { line, headers } = asked as { line: string; headers: IncomingHttpHeaders };
  assert.equal(line, 'GET /unified-auth/validate');
  for (const [name, value] of Object.entries({ ...passedOn, 'x-proxy': 'known' })) assert.equal(headers[name], value);
  for (const name of Object.keys(kept)) assert.equal(headers[name], undefined, name);
});

test('the service is told the address that this server knows, and never the one that the browser claims', async (t) => {
  const service = await startService(t, ({ headers }, response) => {
    response.end(JSON.stringify({ valid: false, reason: headers['x-forwarded-for'] ?? 'nothing' }));
  });
  const claimed = { 'x-forwarded-for': '6.6.6.6' };
  const { initial } = await ask(service, claimed, { clientIp: '203.0.113.9' });
  assert.deepEqual(initial, { valid: false, reason: '203.0.113.9' });
  assert.deepEqual((await ask(service, claimed)).initial, { valid: false, reason: 'nothing' });
});

test('another path can be asked', async (t) => {
  const service = await startService(t, (request, response) => {
    response.end(JSON.stringify({ valid: false, reason: request.url }));
  });
  const { initial } = await ask(service, {}, { validatePath: '/mine' });
  assert.deepEqual(initial, { valid: false, reason: '/mine' });
});

test('every cookie of the answer reaches the page as a line of its own, unchanged', async (t) => {
  const lines = [
    '__Host-session_access=a; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Secure; HttpOnly',
    '__Host-session_refresh=b; Path=/; Secure; HttpOnly; SameSite=Lax',
    'other=1, 2; Path=/',
  ];
  const service = await startService(t, (_request, response) => {
    response.setHeader('set-cookie', lines).end(JSON.stringify(ANSWER));
  });
  const page = await ask(service);
  assert.deepEqual(page.setCookie, lines);
  assert.deepEqual(page.headers, [['cache-control', 'no-store'], ...lines.map((line) => ['set-cookie', line])]);
});

const NO_ANSWERS: Readonly<Record<string, RequestListener>> = {
  'a 503': (_request, response) => response.writeHead(503, { 'set-cookie': 'x=; Max-Age=0' }).end('{"valid":false}'),
  'a 401': (_request, response) => response.writeHead(401).end('{"valid":false,"reason":"no-token"}'),
  'a redirect': ({ url }, response) => {
    if (url === '/elsewhere') response.end(JSON.stringify(ANSWER));
    else response.writeHead(302, { location: '/elsewhere', 'set-cookie': 'x=1' }).end();
  },
  'a page': (_request, response) => response.setHeader('set-cookie', 'x=1').end('<!doctype html>Welcome'),
  'other JSON': (_request, response) => response.setHeader('set-cookie', 'x=1').end('{"valid":"false"}'),
  'a person without a session': (_request, response) =>
    response.end('{"valid":true,"user":{"id":"ada"},"session":null}'),
  'a broken connection': (request) => request.socket.destroy(),
  'half an answer': (request, response) => {
    response.setHeader('content-length', 400).write('{"valid":false');
    setImmediate(() => request.socket.destroy());
  },
};

for (const [what, listener] of Object.entries(NO_ANSWERS)) {
  test(`${what} is no answer: nobody knows, no cookie is touched, and the browser will ask`, async (t) => {
    assert.deepEqual(await ask(await startService(t, listener)), NOBODY_KNOWS);
  });
}

test('a service that is not there or does not answer in time holds no page back', async (t) => {
  assert.deepEqual(await ask('http://127.0.0.1:1'), NOBODY_KNOWS);
  assert.deepEqual(await ask('not an address'), NOBODY_KNOWS);
  const silent = await startService(t, () => {});
  assert.deepEqual(await ask(silent, {}, { deadlineSeconds: 0.05 }), NOBODY_KNOWS);
});

test('who has left is not asked for any more', async (t) => {
  const left = new AbortController();
  const service = await startService(t, () => left.abort());
  const request = new Request('https://app.example/', { signal: left.signal });
  assert.equal((await askForPage(request, { service, deadlineSeconds: 60 })).initial, null);
});

/** As much of a page as is read: the element that the text of `initialScript` makes. */
function pageWith(html: string): Document {
  const [, id, text] = /^<script type="application\/json" id="([^"]*)"[^>]*>(.*)<\/script>$/s.exec(html) ?? [];
  return {
    querySelector: (selector: string) => (selector === `script#${id}` ? { textContent: text } : null),
  } as Document;
}

test('whatever the answer holds, the page is not ended by it and the same is read again', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('</script>', '<!--<script>', '-->', ']]>', '&lt;', '\u2028\u2029'),
  );
  fc.assert(
    fc.property(text, text, (id, name) => {
      const answer: ValidateAnswer = { ...ANSWER, user: { id, name } };
      const html = initialScript(answer);
      assert.doesNotMatch(html.slice(1, -'</script>'.length), /<|-->|&|[\u2028\u2029]/);
      assert.deepEqual(readInitial(pageWith(html)), JSON.parse(JSON.stringify(answer)));
    }),
  );
});

test('the element can have a nonce and an id of its own, which cannot leave their attributes', () => {
  const html = initialScript({ valid: false, reason: 'no-token' }, { nonce: '"><script>', id: 'mine' });
  assert.equal(
    html,
    '<script type="application/json" id="mine" nonce="&#34;&#62;&#60;script&#62;">{"valid":false,"reason":"no-token"}</script>',
  );
  assert.deepEqual(readInitial(pageWith(html), 'mine'), { valid: false, reason: 'no-token' });
  assert.equal(readInitial(pageWith(html)), null);
});

test('without an answer there is no element, and without a whole one in the page nothing is read', () => {
  assert.equal(initialScript(null), '');
  assert.equal(readInitial(), null);
  for (const broken of [
    '',
    '{',
    'null',
    '[]',
    '{"valid":1}',
    '{"valid":true}',
    '{"valid":true,"user":{},"session":1}',
  ]) {
    const page = pageWith(`<script type="application/json" id="holdfast-session">${broken}</script>`);
    assert.equal(readInitial(page), null, broken);
  }
});
