/** Cookies: nothing we look for is missed, nothing we write is dropped by a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cookieValues, createCookie, MAX_AGE_SECONDS } from '../../src/core/cookie.ts';

/** What the parser must equal, written for the eye: take the header apart at every semicolon. */
function naiveValues(header: string, name: string): string[] {
  const values: string[] = [];
  for (const pair of header.split(';')) {
    const text = pair.replace(/^[ \t]+|[ \t]+$/g, '');
    const equals = text.indexOf('=');
    if (equals !== -1 && text.slice(0, equals) === name) values.push(text.slice(equals + 1).replace(/^[ \t]+/, ''));
  }
  return values;
}

const NAME = '__Host-session_access';

test('the parser equals the naive reference on arbitrary bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString('latin1'));
  fc.assert(
    fc.property(bytes, (header) => assert.deepEqual([...cookieValues(header, 'a')], naiveValues(header, 'a'))),
    {
      numRuns: 500,
    },
  );
});

test('the parser equals the naive reference on headers made of the pieces that confuse parsers', () => {
  const piece = fc.constantFrom(
    ';',
    '; ',
    ' ',
    '\t',
    '=',
    ',',
    '"',
    '%',
    '\u00ff',
    'a',
    'a=',
    'aa=',
    'A=',
    '=a=',
    'b=',
    NAME,
    `${NAME}=`,
    'x',
  );
  const name = fc.constantFrom('a', 'aa', 'b', NAME);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), name, (pieces, wanted) => {
      const header = pieces.join('');
      assert.deepEqual([...cookieValues(header, wanted)], naiveValues(header, wanted));
      assert.deepEqual([...createCookie({ name: wanted }).read(header)], naiveValues(header, wanted));
    }),
    { numRuns: 2000 },
  );
});

test('CK9: all duplicates of a name are found, in the order they came', () => {
  assert.deepEqual([...cookieValues(`${NAME}=1; x=y; ${NAME}=2;${NAME}=3`, NAME)], ['1', '2', '3']);
});

test('CK11: nameless cookies, other cases and lookalikes are not ours', () => {
  const header = [
    `=${NAME}=v`,
    `${NAME.toLowerCase()}=v`,
    `x${NAME}=v`,
    `${NAME} =v`,
    `${NAME}x=v`,
    `"${NAME}=v"`,
    NAME,
  ];
  assert.deepEqual([...cookieValues(header.join('; '), NAME)], []);
});

test('values keep equals signs, quotes and percent signs as they are', () => {
  assert.deepEqual([...cookieValues('a=abc==; a="q"; a=%zz; a=', 'a')], ['abc==', '"q"', '%zz', '']);
  assert.deepEqual([...cookieValues(undefined, 'a')], []);
});

test('a header of a megabyte made to be slow is read in linear time', () => {
  for (const unit of ['a=', ' a=', 'a =', '; ', '\t', 'a']) {
    const header = unit.repeat(1_000_000 / unit.length);
    const start = performance.now();
    cookieValues(header, 'a');
    assert.ok(performance.now() - start < 1000, unit);
  }
});

test('CK1-CK4, CK13: a written cookie has all attributes, and a __Host- name has the last word on them', () => {
  assert.equal(
    createCookie({ name: '__Host-s', domain: 'example.com', path: '/x', insecureLoopback: true }).write('v', 60),
    '__Host-s=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High',
  );
  assert.equal(
    createCookie({ name: '__secure-s', domain: 'example.com', path: '/x', insecureLoopback: true }).write('v', 60),
    '__secure-s=v; Max-Age=60; Domain=example.com; Path=/x; Secure; HttpOnly; SameSite=Lax; Priority=High',
  );
  assert.equal(
    createCookie({ name: 's', insecureLoopback: true }).write('v', 60),
    's=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Priority=High',
  );
  assert.equal(
    createCookie({ name: '__Host-t', sameSite: 'None', partitioned: true }).write('v', 60),
    '__Host-t=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=None; Priority=High; Partitioned',
  );
});

test('CK14: a deletion repeats Domain, Path, Secure and the prefix', () => {
  assert.equal(
    createCookie({ name: '__Secure-s', domain: 'example.com', path: '/auth' }).clear(),
    '__Secure-s=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=example.com; Path=/auth; Secure; HttpOnly; SameSite=Lax; Priority=High',
  );
});

test('CK5: 4096 octets of name and value are written, 4097 throw', () => {
  const cookie = createCookie({ name: 'abcdef' });
  assert.match(cookie.write('x'.repeat(4090), 60), /x; Max-Age/);
  assert.throws(() => cookie.write('x'.repeat(4091), 60), { code: 'cookie-too-large' });
});

test('CK5: an attribute of 1024 octets is allowed, 1025 throw', () => {
  assert.match(createCookie({ name: 'a', path: `/${'p'.repeat(1023)}` }).clear(), /Path=\/p/);
  assert.throws(() => createCookie({ name: 'a', path: `/${'p'.repeat(1024)}` }), { code: 'invalid-option' });
});

test('CK6: Max-Age is a whole number of seconds up to 400 days', () => {
  const cookie = createCookie({ name: 'a' });
  assert.match(cookie.write('v', MAX_AGE_SECONDS), /Max-Age=34560000;/);
  for (const bad of [MAX_AGE_SECONDS + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => cookie.write('v', bad), { code: 'invalid-option' }, String(bad));
  }
});

test('CK8: values that cookies cannot carry throw', () => {
  const cookie = createCookie({ name: 'a' });
  for (const bad of ['a;b', 'a b', 'a,b', 'a\\b', 'ä', 'a\nb', '"a', 'a\u007f']) {
    assert.throws(() => cookie.write(bad, 60), { code: 'invalid-option' }, JSON.stringify(bad));
  }
  assert.match(cookie.write('"abc"', 60), /^a="abc";/);
});

test('names, domains and paths that would break the line or never match throw, all in one error', () => {
  assert.throws(
    () => createCookie({ name: 'a b', domain: '.example.com', path: 'x', sameSite: 'None' }),
    (error: Error) => error.message.split('\n').length === 4,
  );
  for (const domain of [
    '',
    'Example.com',
    'a..b',
    '10.0.0.1',
    'a.com:80',
    'https://a.com',
    'a.com; Secure',
    '-a.com',
  ]) {
    assert.throws(() => createCookie({ name: 'a', domain }), { code: 'invalid-option' }, domain);
  }
  for (const path of ['', 'a', '/a;b', '/a b', '/\n']) {
    assert.throws(() => createCookie({ name: 'a', path }), { code: 'invalid-option' }, JSON.stringify(path));
  }
});

test('what is written is read back unchanged', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9_=%+/.-]{0,80}$/);
  fc.assert(
    fc.property(value, value, (one, two) => {
      const cookie = createCookie({ name: NAME });
      const pair = (text: string) => cookie.write(text, 1).split(';')[0];
      assert.deepEqual([...cookie.read(`x=1; ${pair(one)}; ${pair(two)}; y`)], [one, two]);
    }),
  );
});
