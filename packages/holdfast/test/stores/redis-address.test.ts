/** The URLs of a Redis: what each form means, and that a bad one is explained without showing any of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../src/core/errors.ts';
import { addressName, parseRedisUrl, type RedisAddress } from '../../src/stores/redis/address.ts';
import { resolveRedisOptions } from '../../src/stores/redis/options.ts';

const PLAIN: RedisAddress = {
  kind: 'single',
  tls: false,
  endpoints: [{ host: 'h', port: 6379 }],
  username: null,
  password: null,
  database: 0,
  primaryName: null,
  sentinelUsername: null,
  sentinelPassword: null,
};

const GOOD: readonly (readonly [string, Partial<RedisAddress>])[] = [
  ['redis://h', {}],
  [' redis://h/ ', {}],
  ['REDIS://h:1/3', { endpoints: [{ host: 'h', port: 1 }], database: 3 }],
  ['rediss://h', { tls: true }],
  ['redis://:p@h', { password: 'p' }],
  ['redis://u:p@h', { username: 'u', password: 'p' }],
  ['redis://u:p%40%2F%3A%23@h', { username: 'u', password: 'p@/:#' }],
  ['redis://u:p@q@h', { username: 'u', password: 'p@q' }],
  ['redis://u:p:q@h', { username: 'u', password: 'p:q' }],
  ['redis://[::1]:7/2', { endpoints: [{ host: '::1', port: 7 }], database: 2 }],
  ['redis+unix:///run/redis.sock?db=2', { endpoints: [{ path: '/run/redis.sock' }], database: 2 }],
  ['redis+unix://u:p@/a%20b', { endpoints: [{ path: '/a b' }], username: 'u', password: 'p' }],
  [
    'redis-sentinel://u:p@h1,h2:2/main/4?sentinelUser=s&sentinelPassword=a+b%26',
    {
      kind: 'sentinel',
      endpoints: [
        { host: 'h1', port: 26_379 },
        { host: 'h2', port: 2 },
      ],
      username: 'u',
      password: 'p',
      database: 4,
      primaryName: 'main',
      sentinelUsername: 's',
      sentinelPassword: 'a+b&',
    },
  ],
  ['rediss-sentinel://h:1/m', { kind: 'sentinel', tls: true, endpoints: [{ host: 'h', port: 1 }], primaryName: 'm' }],
  ['redis-cluster://h', { kind: 'cluster' }],
  ['rediss-cluster://h/0', { kind: 'cluster', tls: true }],
];

const BAD: readonly (readonly [string, RegExp])[] = [
  ['', /must look like redis:\/\//],
  ['h:6379', /must look like/],
  ['http://h', /must begin with redis:\/\//],
  ['redis://', /host is missing/],
  ['redis://:6379', /host is missing/],
  ['redis://h:0', /1 to 65535/],
  ['redis://h:70000', /1 to 65535/],
  ['redis://h:port', /host:port/],
  ['redis://h/x', /database is a number/],
  ['redis://h/1/2', /database alone/],
  ['redis://h?db=1', /nothing can follow/],
  ['redis://u@h', /password is missing/],
  ['redis://:pa/ss@h', /percent-encoded/],
  ['redis://:pa?ss@h', /percent-encoded/],
  ['redis://:pa#ss@h', /percent-encoded/],
  ['redis://:%zz@h', /percent-encoded/],
  ['redis://h1,h2', /redis-sentinel:\/\/ or redis-cluster:\/\//],
  ['redis-sentinel://h', /primary's name/],
  ['redis-sentinel://h/m/0/1', /primary's name/],
  ['redis-sentinel://h/m?password=x', /sentinelUser and sentinelPassword/],
  ['redis-cluster://h/1', /database 0 only/],
  ['redis+unix://path/to', /three slashes/],
  ['redis+unix:///p?d=1', /only db/],
];

describe('the URL of a Redis', () => {
  for (const [url, expected] of GOOD) {
    test(`${url.trim()} is understood`, () => assert.deepEqual(parseRedisUrl(url), { ...PLAIN, ...expected }));
  }

  for (const [url, sentence] of BAD) {
    test(`${url === '' ? 'an empty text' : url} is refused with the fix`, () => {
      const parsed = parseRedisUrl(url);
      assert.ok('problem' in parsed);
      assert.match(parsed.problem, sentence);
    });
  }

  test('neither a good nor a bad one ever shows its password', () => {
    const secret = fc
      .string({ minLength: 6, unit: fc.constantFrom(...'Zq7/@:?#%&+, []') })
      .filter((text) => /Zq|q7|7Z|ZZ|qq|77/.test(text));
    const form = fc.constantFrom(
      'redis://u:X@h',
      'redis://:X@h/x',
      'rediss-sentinel://u:X@h',
      'redis-cluster://:X@h:',
      'redis+unix://:X@',
    );
    fc.assert(
      fc.property(secret, form, (password, template) => {
        const parsed = parseRedisUrl(template.replace('X', () => password));
        const shown = 'problem' in parsed ? parsed.problem : addressName(parsed);
        for (const piece of password.match(/[Zq7]{2,}/g) ?? []) assert.ok(!shown.includes(piece), shown);
      }),
      { numRuns: 20_000, seed: 20300101, examples: [['@/ZZZZZZ', 'redis+unix://:X@']] },
    );
  });

  test('an encoded password of any characters comes out as it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (password) => {
        const parsed = parseRedisUrl(`redis://user:${encodeURIComponent(password)}@host`);
        assert.ok(!('problem' in parsed));
        assert.equal(parsed.password, password);
      }),
      { seed: 20300101 },
    );
  });
});

describe('the options of the redis store', () => {
  test('all bad ones are told at once, each with its name', () => {
    const bad = {
      url: 'redis://:secret@',
      prefix: 'a{b}',
      connectTimeoutMs: 0,
      waitReplicas: { replicas: 0, timeoutMs: 0 },
    };
    assert.throws(
      () => resolveRedisOptions({ ...bad, tls: { cert: 'x' } }),
      (error: unknown) => {
        assert.ok(error instanceof HoldfastError);
        assert.equal(error.code, 'invalid-option');
        for (const name of [
          'url',
          'prefix',
          'connectTimeoutMs',
          'waitReplicas.replicas',
          'waitReplicas.timeoutMs',
          'tls.cert',
        ]) {
          assert.ok(error.message.includes(`${name}`), name);
        }
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  });

  test('neither a URL nor a client, or both, is refused', () => {
    assert.throws(() => resolveRedisOptions({}), /url: name the server/);
    assert.throws(() => resolveRedisOptions({ url: 'redis://h', client: {} as never }), /give one of them/);
    assert.throws(() => resolveRedisOptions({ client: {} as never }), /client: a client, cluster or sentinel/);
  });

  test('tls with a URL that does not use it is refused', () => {
    assert.throws(() => resolveRedisOptions({ url: 'redis://h', tls: { ca: 'x' } }), /rediss in place of redis/);
  });
});
