/** Nobody gets somebody else's answer out of a cache. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, startEdge, startUpstream } from './harness.ts';

const COOKIE = { cookie: 'a=1' };
const PUBLIC_ANSWER = {
  'cache-control': 'public, max-age=3600',
  'cdn-cache-control': 'max-age=3600',
  'cloudflare-cdn-cache-control': 'max-age=3600',
  'surrogate-control': 'max-age=3600',
  expires: 'Wed, 01 Jan 2031 00:00:00 GMT',
};
const CACHE_HEADERS = Object.keys(PUBLIC_ANSWER);

const cases: readonly {
  name: string;
  asked?: Record<string, string>;
  answered: Record<string, string | string[]>;
  cacheControl: string | null;
  others: boolean;
}[] = [
  {
    name: 'an anonymous answer stays as it is',
    answered: PUBLIC_ANSWER,
    cacheControl: 'public, max-age=3600',
    others: true,
  },
  { name: 'an anonymous answer without a word on caching gets none', answered: {}, cacheControl: null, others: false },
  {
    name: 'an answer to a request with cookies is private',
    asked: COOKIE,
    answered: {},
    cacheControl: 'private, no-store',
    others: false,
  },
  {
    name: 'an answer to a request with authorization is private',
    asked: { authorization: 'Bearer x' },
    answered: { 'cdn-cache-control': 'max-age=60' },
    cacheControl: 'private, no-store',
    others: false,
  },
  {
    name: 'a service that says how its answer may be cached is believed',
    asked: COOKIE,
    answered: PUBLIC_ANSWER,
    cacheControl: 'public, max-age=3600',
    others: true,
  },
  {
    name: 'an answer that sets a cookie is never kept, whatever the service says',
    answered: { ...PUBLIC_ANSWER, 'set-cookie': 'a=1' },
    cacheControl: 'private, no-store',
    others: false,
  },
  {
    name: 'no-cache="Set-Cookie" does not save it',
    answered: { 'cache-control': 'no-cache="Set-Cookie", max-age=60', 'set-cookie': ['a=1', 'b=2'] },
    cacheControl: 'private, no-store',
    others: false,
  },
  {
    name: 'a service’s own no-store stays word for word',
    asked: COOKIE,
    answered: { 'cache-control': 'No-Store, max-age=0', 'cdn-cache-control': 'max-age=9', 'set-cookie': 'a=1' },
    cacheControl: 'No-Store, max-age=0',
    others: false,
  },
];

for (const { name, asked = {}, answered, cacheControl, others } of cases) {
  test(name, async (t) => {
    const up = await startUpstream(t, (_, response) => response.writeHead(200, answered).end('x'));
    const { edge } = startEdge({ routes: { '/': up.origin } });
    const { headers } = await edge.fetch(ask('/', { headers: asked }));
    assert.equal(headers.get('cache-control'), cacheControl);
    const kept = CACHE_HEADERS.slice(1).filter((header) => headers.has(header));
    assert.deepEqual(kept, others ? CACHE_HEADERS.slice(1) : []);
  });
}

test('answers of one request never serve another', async (t) => {
  const up = await startUpstream(t, (request, response) => setImmediate(() => response.end(request.headers.cookie)));
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const people = Array.from({ length: 20 }, (_, i) => `who=${i}`);
  const answers = await Promise.all(
    people.map(async (cookie) => (await edge.fetch(ask('/me', { headers: { cookie } }))).text()),
  );
  assert.deepEqual(answers, people);
  assert.equal(up.seen.length, people.length);
});
