/** No cookie is lost, joined or changed on the way, but for what is to change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCookieRewriter, isFolded } from '../../src/edge/set-cookie.ts';
import { ask, startEdge, startUpstream } from './harness.ts';

const LINES = [
  '__Host-session_access=abc; Max-Age=300; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
  '__Host-session_refresh=def; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/; Secure; HttpOnly',
  'theme="dark;  path=/x',
  'twice=1; Path=/a',
  'twice=2;path = /b ;DOMAIN=.Internal.Example;;  HttpOnly',
];

test('each cookie arrives by itself, in order and byte for byte', async (t) => {
  const up = await startUpstream(t, (_, response) => response.setHeader('Set-Cookie', LINES).end('ok'));
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/'));
  assert.deepEqual(answer.headers.getSetCookie(), LINES);
  assert.equal(answer.headers.get('x-session-hint'), null);
});

test('error answers and redirects keep their cookies as well', async (t) => {
  const up = await startUpstream(t, (request, response) => {
    const status = Number(request.url?.slice(1));
    response.writeHead(status, { 'set-cookie': LINES, location: '/next' }).end();
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  for (const status of [204, 302, 303, 304, 401, 500, 503]) {
    const answer = await edge.fetch(ask(`/${status}`));
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [status, LINES]);
  }
});

const rewriter = (options: Parameters<typeof createCookieRewriter>[0]) => {
  const problems: string[] = [];
  const rewrite = createCookieRewriter(options, problems);
  assert.deepEqual(problems, []);
  return rewrite;
};

test('Domain and Path change where they are listed, and nothing else of the line', () => {
  const rewrite = rewriter({
    domains: { 'internal.example': 'app.example', 'old.example': null },
    paths: { '/': '/auth', '/app/v1': '/', '/app': '/shop/' },
  });
  const cases = [
    ['a=1', 'a=1'],
    ['a=1; Domain=internal.example; Secure', 'a=1; Domain=app.example; Secure'],
    ['a=1;domain= .Internal.EXAMPLE ;Secure', 'a=1;domain= app.example ;Secure'],
    ['a=1; Domain=sub.internal.example', 'a=1; Domain=sub.internal.example'],
    ['a=1; Domain=internal.example.evil', 'a=1; Domain=internal.example.evil'],
    ['a=1; Domain=old.example; Secure', 'a=1; Secure'],
    ['a=1; Domain=old.example', 'a=1'],
    ['a=1; Domain=internal.example; Domain=old.example', 'a=1; Domain=app.example'],
    ['a=1; PATH=/x; path=/app', 'a=1; PATH=/auth/x; path=/shop'],
    ['a=1; Path=/', 'a=1; Path=/auth'],
    ['a=1; Path=/app/', 'a=1; Path=/shop/'],
    ['a=1; Path=/app/x', 'a=1; Path=/shop/x'],
    ['a=1; Path=/app/v1', 'a=1; Path=/'],
    ['a=1; Path=/app/v1/x', 'a=1; Path=/x'],
    ['a=1; Path=/app/v10', 'a=1; Path=/shop/v10'],
    ['a=1; Path=/apps', 'a=1; Path=/auth/apps'],
    ['a=1; Path=', 'a=1; Path='],
    ['a=1; Path', 'a=1; Path'],
    ['a=1; Path=app', 'a=1; Path=app'],
    ['Domain=internal.example; Secure', 'Domain=internal.example; Secure'],
    ['a=Path=/app; Secure', 'a=Path=/app; Secure'],
    ['a=1; X-Path=/app; Pathname=/app', 'a=1; X-Path=/app; Pathname=/app'],
    ['', ''],
  ];
  for (const [line = '', wanted] of cases) assert.equal(rewrite(line), wanted, line);
});

test('a __Host- cookie stays one that browsers keep', () => {
  const rewrite = rewriter({ domains: { 'internal.example': 'app.example' }, paths: { '/': '/auth' } });
  for (const line of LINES.slice(0, 2)) assert.equal(rewrite(line), line);
  for (const line of [
    '__HOST-a=1; Path=/; Secure',
    ' __host-a=1; Path=/',
    '=__Host-a=1; Path=/',
    '__Host-Http-a=1; Path=/',
  ]) {
    assert.equal(rewrite(line), line);
  }
  assert.equal(rewrite('__Secure-a=1; Path=/; Secure'), '__Secure-a=1; Path=/auth; Secure');
});

/** A line of pieces that look like attributes and are none of those that are listed. */
const text = fc.string({ unit: fc.constantFrom(...' \t=,".-_/aA1éPpath%'), maxLength: 12 });
const other = fc.oneof(
  text,
  fc.constantFrom(
    ' Secure',
    ' Path=/elsewhere',
    ' Path=/application',
    'domain=other.example',
    ' Expires=Wed, 01 Jan 2031 00:00:00 GMT',
    ' path',
    ' Domain=',
    ' Pathx=/app',
  ),
);

test('whatever a line holds, what is not listed stays byte for byte', () => {
  const rewrite = rewriter({ domains: { 'internal.example': 'app.example' }, paths: { '/app': '/shop' } });
  fc.assert(
    fc.property(text, fc.array(other, { maxLength: 6 }), (pair, attributes) => {
      const line = [pair, ...attributes].join(';');
      fc.pre(!/path[ \t]*=[ \t]*\/app\//i.test(line));
      assert.equal(rewrite(line), line);
    }),
    { numRuns: 500 },
  );
});

test('wherever a listed attribute stands, its value alone changes', () => {
  const rewrite = rewriter({ domains: { 'internal.example': 'app.example' }, paths: { '/app': '/shop' } });
  const blank = fc.constantFrom('', ' ', '\t', '  ');
  const listed = fc.constantFrom(
    ['Domain', 'internal.example', 'app.example'],
    ['dOMAIN', '.Internal.Example', 'app.example'],
    ['Path', '/app', '/shop'],
    ['PATH', '/app/x', '/shop/x'],
  );
  fc.assert(
    fc.property(
      fc.array(other, { maxLength: 4 }),
      fc.array(other, { maxLength: 4 }),
      listed,
      fc.tuple(blank, blank, blank, blank),
      (before, after, [name, from, to], [a, b, c, d]) => {
        const around = (value: string | undefined) =>
          ['n=v', ...before, `${a}${name}${b}=${c}${value}${d}`, ...after].join(';');
        fc.pre(![...before, ...after].some((piece) => /path[ \t]*=[ \t]*\/app\//i.test(piece)));
        assert.equal(rewrite(around(from)), around(to));
      },
    ),
    { numRuns: 500 },
  );
});

test('a rewritten cookie arrives rewritten, beside others that are not', async (t) => {
  const up = await startUpstream(t, (_, response) =>
    response.setHeader('Set-Cookie', ['a=1; Domain=internal.example; Path=/app', ...LINES]).end('ok'),
  );
  const { edge } = startEdge({
    routes: { '/': up.origin },
    cookies: { domains: { 'internal.example': null }, paths: { '/app': '/' } },
  });
  assert.deepEqual((await edge.fetch(ask('/'))).headers.getSetCookie(), [
    'a=1; Path=/',
    ...LINES.slice(0, 4),
    'twice=2;path = /b ;;  HttpOnly',
  ]);
});

test('a line that something upstream folded is passed on as it is, and named', async (t) => {
  const folded = 'a=1; Path=/; HttpOnly, b=2; Path=/';
  const up = await startUpstream(t, (_, response) => response.setHeader('Set-Cookie', folded).end('ok'));
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/'));
  assert.deepEqual(answer.headers.getSetCookie(), [folded]);
  assert.equal(answer.headers.get('x-session-hint'), 'set-cookie-folded');
});

test('commas in dates and values are no fold', () => {
  for (const line of [
    'a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT',
    'a=1; expires=Wed, 01-Jan-2031 00:00:00 GMT; Path=/',
    'a=1,2,3; Path=/',
    'a={"x":1,"y":2}; Path=/',
    'a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Priority=High',
  ]) {
    assert.equal(isFolded(line), false, line);
  }
  for (const line of [
    'a=1, b=2',
    'a=1,b=2',
    'a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT, __Host-b=2; Path=/',
    'a=1; Secure,\tb-c=; Path=/',
  ]) {
    assert.equal(isFolded(line), true, line);
  }
});
