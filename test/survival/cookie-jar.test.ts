/** The cookie jar does what browsers do: every drill rests on it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CookieJar } from '../../survival/http/cookie-jar.ts';

const HOST = 'app.example.test';
const SIBLING = 'evil.example.test';

function makeJar(): { jar: CookieJar; pass(seconds: number): void } {
  let now = Date.parse('2026-01-01T00:00:00Z');
  return {
    jar: new CookieJar({ clock: () => now }),
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

test('a cookie is gone when its time has come, and Max-Age goes before Expires', () => {
  const { jar, pass } = makeJar();
  jar.keep(HOST, '/', [
    'short=1; Max-Age=60; Expires=Thu, 01 Jan 2099 00:00:00 GMT',
    'dated=1; Expires=Thu, 01 Jan 2026 00:02:00 GMT',
    'open=1',
  ]);
  assert.equal(jar.header(HOST, '/'), 'short=1; dated=1; open=1');
  pass(60);
  assert.equal(jar.header(HOST, '/'), 'dated=1; open=1');
  pass(60);
  assert.equal(jar.header(HOST, '/'), 'open=1');
});

test('Max-Age=0 removes the cookie of the same name, domain and path, and no other', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', ['a=1; Path=/', 'a=2; Path=/me', 'a=3; Domain=example.test; Path=/']);
  jar.keep(HOST, '/', ['a=; Max-Age=0; Path=/']);
  assert.equal(jar.header(HOST, '/me'), 'a=2; a=3');
});

test('longer paths come first, then older cookies, and a renewed cookie keeps its place', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', ['first=1; Path=/', 'second=1; Path=/', 'deep=1; Path=/me']);
  jar.keep(HOST, '/', ['first=2; Path=/']);
  assert.equal(jar.header(HOST, '/me?x=/'), 'deep=1; first=2; second=1');
  assert.equal(jar.header(HOST, '/mess'), 'first=2; second=1', 'a path matches whole segments');
});

test('a sibling host can set cookies for the domain, but never with the prefix __Host-', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', ['__Host-a=mine; Secure; Path=/']);
  jar.keep(SIBLING, '/', [
    'tossed=1; Domain=example.test; Path=/',
    '__Host-a=hers; Secure; Domain=example.test; Path=/',
    '__Host-b=hers; Secure; Path=/x',
    '__Host-c=hers; Path=/',
    '__host-a=hers; Secure; Domain=example.test; Path=/',
    '__Secure-d=hers; Domain=example.test',
    '=__Host-a=hers; Domain=example.test',
    'own=1; Path=/',
    'top=1; Domain=test',
    'other=1; Domain=app.example.test',
  ]);
  assert.equal(jar.header(HOST, '/'), '__Host-a=mine; tossed=1');
  assert.equal(jar.header(SIBLING, '/'), 'tossed=1; own=1');
});

test('more than 180 cookies of a domain push out the longest unused ones, plain before Secure, high priority last', () => {
  for (const [attributes, gone] of [
    ['', ['plain']],
    ['; Secure', ['plain', 'secure']],
    ['; Secure; Priority=Low', []],
  ] as const) {
    const { jar } = makeJar();
    jar.keep(HOST, '/', ['plain=1; Path=/', 'secure=1; Path=/; Secure', 'dear=1; Path=/; Secure; Priority=High']);
    const junk = Array.from({ length: 178 }, (_, i) => `junk${i}=1; Domain=example.test; Path=/${attributes}`);
    jar.keep(SIBLING, '/', junk);
    assert.equal(jar.names.length, 150);
    assert.deepEqual(
      ['plain', 'secure', 'dear'].filter((name) => !jar.names.includes(name)),
      gone,
    );
  }
});

test('what browsers refuse is refused', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', [
    `large=${'x'.repeat(4092)}`,
    'control=a\u0001b',
    'cross=1; SameSite=None',
    '',
    '=',
    `path=1; Path=${'/x'.repeat(600)}`,
  ]);
  assert.deepEqual(jar.names, ['path'], 'an attribute that is too long is ignored, its cookie is not');
  assert.equal(jar.header(HOST, '/'), 'path=1');
});

test('a line with two cookies joined by a comma is one cookie, as a browser reads it', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', ['a=1; Path=/, b=2; Path=/']);
  assert.deepEqual(jar.names, ['a']);
  assert.equal(jar.header(HOST, '/'), 'a=1', 'the last Path counts');
});

test('a copy does not see what happens to the jar later', () => {
  const { jar } = makeJar();
  jar.keep(HOST, '/', ['a=1; Path=/']);
  const copy = jar.copy();
  jar.keep(HOST, '/', ['a=; Max-Age=0; Path=/']);
  assert.equal(jar.header(HOST, '/'), '');
  assert.equal(copy.header(HOST, '/'), 'a=1');
});
