/** A configuration that cannot work is refused at once, with all that is wrong and how to mend it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as entry from '../../src/edge/index.ts';
import type { EdgeOptions } from '../../src/edge/options.ts';
import { PAGE } from './harness.ts';

const UP = 'https://up.internal';
const { createEdge } = entry;

/** Options as they come out of JSON or the environment: of any type. */
const loose = (options: object): EdgeOptions => options as EdgeOptions;

test('the entry has one function', () => {
  assert.deepEqual(Object.keys(entry), ['createEdge']);
});

test('everything wrong is named in one error', () => {
  assert.throws(
    () =>
      createEdge({
        routes: { api: UP, '/x': 'up.internal', '/y': `${UP}/path` },
        cors: { origins: ['*'], maxAgeSeconds: -1 },
        cookies: { domains: { '.Internal.example': 'app.example' }, paths: { app: '/' } },
        accessCheck: { secrets: 'short', shed: ['api'] },
        edgeSecret: 'short',
        timeoutSeconds: 0,
        retries: 1.5,
      }),
    (error) => {
      assert.ok(error instanceof TypeError);
      for (const name of [
        'routes["api"]',
        'routes["/x"]',
        'routes["/y"]',
        'cors.origins',
        'cors.maxAgeSeconds',
        'cookies.domains[".Internal.example"]',
        'cookies.paths["app"]',
        'accessCheck.secrets',
        'accessCheck.shed',
        'edgeSecret',
        'timeoutSeconds',
        'retries',
      ]) {
        assert.ok(error.message.includes(`\n${name}`), `${name} in ${error.message}`);
      }
      return true;
    },
  );
});

const refused: readonly [string, EdgeOptions, RegExp][] = [
  ['no routes', { routes: {} }, /name at least one upstream/],
  ['routes that are missing', loose({}), /name at least one upstream/],
  ['a route that is null', loose({ routes: { '/': null } }), /give scheme, host and port/],
  ['a path with dots', { routes: { '/a/../b': UP } }, /a prefix is a path/],
  ['a path with two slashes', { routes: { '//a': UP } }, /a prefix is a path/],
  ['a path with a query', { routes: { '/a?b': UP } }, /a prefix is a path/],
  ['one prefix twice', { routes: { '/a': UP, '/a/': UP } }, /is there twice/],
  ['an upstream with a password', { routes: { '/': 'https://a:b@up.internal' } }, /scheme, host and port alone/],
  ['an upstream of another scheme', { routes: { '/': 'ftp://up.internal' } }, /scheme, host and port alone/],
  ['a word for host', loose({ routes: { '/': { origin: UP, host: 'mine' } } }), /"own" or "forwarded"/],
  ['every origin', { routes: { '/': UP }, cors: { origins: ['*'] } }, /neither an origin/],
  ['every https origin', { routes: { '/': UP }, cors: { origins: ['https://*'] } }, /neither an origin/],
  ['a whole top-level domain', { routes: { '/': UP }, cors: { origins: ['https://*.com'] } }, /neither an origin/],
  ['a star within', { routes: { '/': UP }, cors: { origins: ['https://a.*.example'] } }, /neither an origin/],
  ['two stars', { routes: { '/': UP }, cors: { origins: ['https://*.*.example'] } }, /neither an origin/],
  ['half a label', { routes: { '/': UP }, cors: { origins: ['https://*app.example.com'] } }, /neither an origin/],
  ['the null origin', { routes: { '/': UP }, cors: { origins: ['null'] } }, /neither an origin/],
  ['an origin with a slash', { routes: { '/': UP }, cors: { origins: [`${PAGE}/`] } }, /neither an origin/],
  ['no origins', { routes: { '/': UP }, cors: { origins: [] } }, /list the origins/],
  ['every header', { routes: { '/': UP }, cors: { origins: [PAGE], headers: ['*'] } }, /cors\.headers/],
  ['every method', { routes: { '/': UP }, cors: { origins: [PAGE], methods: ['*'] } }, /cors\.methods/],
  ['a path that would end a cookie', { routes: { '/': UP }, cookies: { paths: { '/': '/a;b' } } }, /cookies\.paths/],
  ['no secret', { routes: { '/': UP }, accessCheck: { secrets: ' , ' } }, /SESSION_SECRET/],
  [
    'a sample secret',
    { routes: { '/': UP }, accessCheck: { secrets: 'changeme-changeme-changeme-changeme' } },
    /well-known/,
  ],
  [
    'a cookie name with blanks',
    { routes: { '/': UP }, accessCheck: { secrets: 'x', cookieName: 'a b' } },
    /COOKIE_NAME/,
  ],
  ['an edge secret with a line break', { routes: { '/': UP }, edgeSecret: `${'x'.repeat(40)}\n` }, /edgeSecret/],
  ['a timeout that is no number', loose({ routes: { '/': UP }, timeoutSeconds: '30s' }), /timeoutSeconds/],
  ['retries without end', { routes: { '/': UP }, retries: Number.POSITIVE_INFINITY }, /retries/],
  ['a log that cannot be called', loose({ routes: { '/': UP }, onRequest: console }), /onRequest: must be a function/],
];

for (const [name, options, message] of refused) {
  test(`${name} is refused`, () => {
    assert.throws(() => createEdge(options), { name: 'TypeError', message });
  });
}

test('a secret is not repeated in what is said about it', () => {
  const secret = 'hunter2-hunter2';
  assert.throws(
    () => createEdge({ routes: { '/': UP }, edgeSecret: secret, accessCheck: { secrets: secret } }),
    (error) => error instanceof TypeError && !error.message.includes(secret),
  );
});

test('what looks unusual and works is accepted', () => {
  createEdge({
    routes: { '/': 'http://127.0.0.1:80', '/a/b-c/%C3%A9/': { origin: 'https://[::1]:8443/', host: 'forwarded' } },
    cors: {
      origins: ['http://localhost:5173', 'https://*.app.example:8443', 'http://*.localhost', 'capacitor://localhost'],
    },
    cookies: { domains: { localhost: null, 'a-b.example': 'c.example' }, paths: { '/': '/', '/a/': '/b' } },
  });
});
