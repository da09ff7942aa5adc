/** Which upstream a request reaches, and that no spelling of a request reaches another one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBelow, publicLocation, readRoutes, targetOf } from '../../src/edge/routes.ts';
import { ask, PUBLIC, problemOf, startEdge, startUpstream } from './harness.ts';

test('the longest prefix at a slash decides', async (t) => {
  const [root, api, admin] = [await startUpstream(t), await startUpstream(t), await startUpstream(t)];
  const { edge, log } = startEdge({
    routes: { '/api/': api.origin, '/': root.origin, '/api/admin': { origin: admin.origin } },
  });
  for (const path of ['/', '/apis', '/api', '/api/', '/api/x?y=%2F&z', '/api/admin', '/api/administrators', '/API/x']) {
    await (await edge.fetch(ask(path))).text();
  }
  assert.deepEqual(
    root.seen.map((seen) => seen.target),
    ['/', '/apis', '/API/x'],
  );
  assert.deepEqual(
    api.seen.map((seen) => seen.target),
    ['/api', '/api/', '/api/x?y=%2F&z', '/api/administrators'],
  );
  assert.deepEqual(
    admin.seen.map((seen) => seen.target),
    ['/api/admin'],
  );
  assert.deepEqual(new Set(log.map((entry) => entry.route)), new Set(['/', '/api', '/api/admin']));
});

test('a path under no route is 404 and reaches nobody', async (t) => {
  const api = await startUpstream(t);
  const { edge, log } = startEdge({ routes: { '/api': api.origin } });
  const answer = await edge.fetch(ask('/other'));
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual(await problemOf(answer).then(({ status, code, instance }) => [status, code, instance]), [
    404,
    'not-found',
    'the-id',
  ]);
  assert.deepEqual([api.seen.length, log[0]?.failure, log[0]?.route, log[0]?.attempts], [0, 'no-route', null, 0]);
});

test('the prefix is taken off where that is asked for, and the upstream is told', async (t) => {
  const api = await startUpstream(t);
  const { edge } = startEdge({ routes: { '/api': { origin: api.origin, stripPrefix: true } } });
  for (const path of ['/api', '/api/', '/api/a/b?c', '/api?c', '/api//b', '/api/%41%20']) await edge.fetch(ask(path));
  assert.deepEqual(
    api.seen.map((seen) => seen.target),
    ['/', '/', '/a/b?c', '/?c', '//b', '/%41%20'],
  );
  assert.equal(api.seen[0]?.headers['x-forwarded-prefix'], '/api');
});

const ESCAPES = [
  '//evil.example/x',
  '///evil.example/x',
  '/\\evil.example/x',
  '\\\\evil.example',
  '/..//evil.example',
  '/../../x',
  '/%2e%2e/%2e%2e/x',
  '/.%2E/x',
  '/@evil.example/',
  '/:80@evil.example/',
  '/api@evil.example',
  '/api//evil.example/x',
  '/api/..//evil.example',
  '/api/@evil.example',
  '/api/\\evil.example',
  '/api/%2f%2fevil.example',
  '/api/http://evil.example/',
  '/http://evil.example/',
  '/?//evil.example',
  '/#@evil.example',
  '/api;@evil.example',
  '/%00@evil.example',
  '/\t/evil.example',
  '/api\t//evil.example',
  '/%0d%0aHost:%20evil.example',
  '/api/%5c%5cevil.example',
];

test('no path leads to another host than the configured one', async (t) => {
  const up = await startUpstream(t);
  const { edge, sent } = startEdge({
    routes: { '/': up.origin, '/api': { origin: up.origin, stripPrefix: true } },
  });
  for (const path of ESCAPES) {
    const answer = await edge.fetch(new Request(PUBLIC + (path.startsWith('/') ? path : `/${path}`)));
    assert.equal(answer.status, 200, path);
  }
  assert.equal(up.seen.length, ESCAPES.length);
  for (const request of sent) assert.equal(new URL(request.url).origin, up.origin);
  for (const seen of up.seen)
    assert.ok(seen.target.startsWith('/') && !/\r|\n|\/\.\.\//.test(seen.target), seen.target);
});

test('an absolute-form target of another authority changes nothing but what the upstream is told', async (t) => {
  const up = await startUpstream(t);
  const { edge } = startEdge({ routes: { '/': up.origin } });
  await edge.fetch(new Request('http://evil.example:99/x'));
  assert.deepEqual([up.seen[0]?.target, up.seen[0]?.headers.host], ['/x', new URL(up.origin).host]);
});

test('any path at all keeps the origin', () => {
  const problems: string[] = [];
  const routes = readRoutes(
    { '/': 'http://up.internal:81', '/a': { origin: 'http://up.internal:81', stripPrefix: true } },
    problems,
  );
  assert.deepEqual(problems, []);
  const piece = fc.constantFrom(
    '/',
    '\\',
    '..',
    '.',
    '%2e',
    '%2f',
    '%5c',
    '@',
    ':',
    '//',
    'evil.example',
    'a',
    '?',
    '#',
    '\t',
    ';',
    'é',
    '[',
    ']',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const url = URL.parse(`${PUBLIC}/${pieces.join('')}`);
      fc.pre(url !== null);
      for (const route of routes) {
        if (!isBelow(url.pathname, route.prefix)) continue;
        const target = targetOf(route, url);
        if (target !== null) assert.equal(target.origin, 'http://up.internal:81');
      }
    }),
  );
});

test('dots behind an encoded slash, which some upstreams follow out of the prefix, are refused', async (t) => {
  const up = await startUpstream(t);
  const { edge, log } = startEdge({ routes: { '/public': up.origin } });
  for (const path of [
    '/public/..%2fadmin',
    '/public/%2e%2e%2fadmin',
    '/public/..%5cadmin',
    '/public/x%2f..',
    '/public/x%2F.%2E%2Fy',
    '/public/..;/admin',
  ]) {
    assert.equal((await edge.fetch(ask(path))).status, 400, path);
  }
  assert.deepEqual([up.seen.length, log[0]?.failure], [0, 'bad-request']);
  for (const path of ['/public/a..b', '/public/...', '/public/a%2fb', '/public/..a%2f', '/public/%2e%2e%2e']) {
    assert.equal((await edge.fetch(ask(path))).status, 200, path);
  }
});

test('redirects are passed on, and those to the upstream’s own address lead to the public one', async (t) => {
  const up = await startUpstream(t, (request, response) => {
    const to = new URL(request.url ?? '', up.origin).searchParams.get('to') ?? '';
    response.writeHead(302, { location: to.replace('UP', up.origin) }).end();
  });
  const { edge } = startEdge({ routes: { '/': up.origin, '/app': { origin: up.origin, stripPrefix: true } } });
  const locationOf = async (path: string, to: string) => {
    const answer = await edge.fetch(ask(`${path}?to=${encodeURIComponent(to)}`));
    assert.equal(answer.status, 302);
    return answer.headers.get('location');
  };
  assert.equal(await locationOf('/x', 'UP/login?a=b#c'), `${PUBLIC}/login?a=b#c`);
  assert.equal(await locationOf('/x', '/login'), '/login');
  assert.equal(await locationOf('/x', 'next'), 'next');
  assert.equal(await locationOf('/x', 'https://id.example/?back=UP/'), `https://id.example/?back=${up.origin}/`);
  assert.equal(await locationOf('/x', 'UP.evil.example/'), `${up.origin}.evil.example/`);
  assert.equal(await locationOf('/app/x', 'UP/login'), `${PUBLIC}/app/login`);
  assert.equal(await locationOf('/app/x', '/login?x'), `${PUBLIC}/app/login?x`);
  assert.equal(await locationOf('/app/x', '/app/login'), '/app/login', 'it knows of the prefix');
  assert.equal(await locationOf('/app/x', 'UP/app/login'), `${PUBLIC}/app/login`);
  assert.equal(await locationOf('/app/x', 'next'), 'next');
  assert.equal(await locationOf('/app/x', '//id.example/y'), '//id.example/y');
});

test('a redirect to the upstream’s own address cannot become one to another host', () => {
  const [route] = readRoutes({ '/': 'http://up.internal' }, []);
  assert.ok(route);
  const target = new URL('http://up.internal/x');
  assert.equal(publicLocation('http://up.internal//evil.example', route, target, PUBLIC), `${PUBLIC}//evil.example`);
  assert.equal(publicLocation('http://a:b@up.internal/y', route, target, PUBLIC), `${PUBLIC}/y`);
  assert.equal(
    publicLocation('http://up.internal@evil.example/', route, target, PUBLIC),
    'http://up.internal@evil.example/',
  );
});
