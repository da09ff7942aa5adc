/** The connection to one Redis: what it says when it fails, how fast it fails, and that it comes back by itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from 'redis';
import { type CutProxy, startCutProxy } from '../../../../test/services/cut-proxy.ts';
import { freePort } from '../../../../test/services/free-port.ts';
import { isInStep, type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { redisErrorCode } from '../../src/stores/redis/failure.ts';
import type { RedisPort } from '../../src/stores/redis/port.ts';
import { openPort, script, sentenceOf, watchPorts } from './redis-ports.ts';

watchPorts();

const KEY = 'holdfast:s:{7}';

async function set(port: RedisPort, text: string): Promise<void> {
  await port.send(KEY, ['HSET', KEY, 'field', text], false);
}

async function get(port: RedisPort): Promise<string> {
  return String(await port.send(KEY, ['HGET', KEY, 'field'], true));
}

describe('a connection to one Redis', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis({ extra: ['--unixsocket', 'redis.sock', '--databases', '4'] });
  });
  after(() => redis.stop());

  test('answers bulk strings as Buffers and maps as flat lists', async () => {
    const port = await openPort({ url: redis.url });
    const bytes = Buffer.from([0, 255, 13, 10]);
    assert.equal(await port.send(KEY, ['HSET', KEY, 'bytes', bytes], false), 1);
    assert.deepEqual(await port.send(KEY, ['HGET', KEY, 'bytes'], true), bytes);
    assert.deepEqual(await port.send(KEY, ['HGETALL', KEY], true), [Buffer.from('bytes'), bytes]);
    assert.equal(await port.send(KEY, ['HGET', KEY, 'nothing'], true), null);
  });

  test('sends a script whole once and by its name from then on, also after the server forgot it', async () => {
    const port = await openPort({ url: redis.url });
    const echo = script('return {KEYS[1], ARGV[1]}', { readOnly: true });
    const expected = [Buffer.from(KEY), Buffer.from('x')];
    assert.deepEqual(await port.run(echo, [KEY], ['x']), expected);
    await redis.command('CONFIG', 'RESETSTAT');
    assert.deepEqual(await port.run(echo, [KEY], ['x']), expected);
    assert.ok(!(await redis.command('INFO', 'commandstats')).includes('cmdstat_eval_ro:'));
    await redis.command('SCRIPT', 'FLUSH');
    assert.deepEqual(await port.run(echo, [KEY], ['x']), expected);
  });

  test('uses the database and the socket that the URL names', async () => {
    const other = await openPort({ url: `${redis.url}/3` });
    await set(other, 'in three');
    const socket = `redis+unix://${join(redis.directory, 'redis.sock')}?db=3`;
    assert.equal(await get(await openPort({ url: socket })), 'in three');
  });

  test('tells an error of Redis with its code, and stays connected', async () => {
    const port = await openPort({ url: redis.url });
    await redis.command('SET', 'holdfast:other', 'x');
    const error = await port
      .send('holdfast:other', ['HGET', 'holdfast:other', 'f'], true)
      .catch((thrown: unknown) => thrown);
    assert.equal(redisErrorCode(error), 'WRONGTYPE');
    assert.equal(await port.send(KEY, ['PING'], true), 'PONG');
  });

  test('fails at once when it is closed, and says so', async () => {
    const port = await openPort({ url: redis.url });
    await port.close();
    assert.match(await sentenceOf(get(port)), /^store-unreachable: the store on .* was closed$/);
    await port.close();
  });

  test('what is wrong with the database, the port or the password is said with the fix, at the start', async () => {
    const here = `127.0.0.1:${redis.port}`;
    assert.match(
      await sentenceOf(openPort({ url: `redis://${here}/9` })),
      /^store-unusable: .* no database of that number/,
    );
    assert.match(
      await sentenceOf(openPort({ url: `redis-cluster://${here}` })),
      /^store-unusable: .* no cluster: write the URL as redis:/,
    );
    assert.match(
      await sentenceOf(openPort({ url: `rediss://${here}`, connectTimeoutMs: 200 })),
      /did not answer.*if it has no TLS, write redis without/,
    );
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    assert.match(await sentenceOf(openPort({ url: nobody })), /^store-unreachable: nothing listens on .*: start Redis/);
    assert.match(
      await sentenceOf(openPort({ url: 'redis://no-such-host.invalid' })),
      /^store-unreachable: the name in no-such-host\.invalid/,
    );
    assert.match(
      await sentenceOf(openPort({ url: 'redis+unix:///no/such.sock' })),
      /^store-unreachable: there is no socket at/,
    );
  });

  test('something that is not Redis, and something that never answers, is told apart', async () => {
    const web = createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const mute = createServer((socket) => void socket.on('error', () => {}));
    try {
      const [webPort, mutePort] = await Promise.all([web, mute].map(listen));
      assert.match(await sentenceOf(openPort({ url: `redis://127.0.0.1:${webPort}` })), /is not Redis/);
      const silent = openPort({ url: `redis://127.0.0.1:${mutePort}`, connectTimeoutMs: 100 });
      assert.match(await sentenceOf(silent), /did not answer/);
    } finally {
      web.close();
      mute.close();
    }
  });

  test('a client of the application is used as it is, and stays open', async () => {
    const client = createClient({ url: redis.url });
    client.on('error', () => {});
    await client.connect();
    try {
      for (const cache of [{}, false] as const) {
        const port = await openPort({ client, cache }, null);
        await set(port, 'given');
        assert.equal(await get(port), 'given');
        assert.deepEqual(
          await port.run(script('return redis.call("HGET", KEYS[1], "field")'), [KEY], []),
          Buffer.from('given'),
        );
        await port.close();
        assert.match(await sentenceOf(get(port)), /was closed/);
        assert.equal(client.isReady, true);
      }
    } finally {
      client.destroy();
    }
  });
});

describe('a connection to one Redis that goes away', () => {
  let redis: RedisServer;
  let proxy: CutProxy;
  before(async () => {
    redis = await startRedis();
    proxy = await startCutProxy({ host: '127.0.0.1', port: redis.port });
  });
  after(async () => {
    await proxy.stop();
    await redis.stop();
  });

  test('fails at once while it is gone, and works again without anybody doing anything', async () => {
    const port = await openPort({ url: redis.url });
    await set(port, 'before');
    await redis.kill();
    await waitUntil('it was noticed', async () => (await sentenceOf(get(port))).includes('nothing listens'));
    const begun = performance.now();
    for (let index = 0; index < 1000; index++) await sentenceOf(get(port));
    assert.ok(performance.now() - begun < 1000, 'a thousand failures take well under a second');
    await redis.restart();
    await waitUntil('it was back', async () => (await get(port)) === 'null');
    await set(port, 'after');
    assert.equal(await get(port), 'after');
  });

  test('a connection that is cut is made again, and a read that it interrupted is answered', async () => {
    const port = await openPort({ url: `redis://127.0.0.1:${proxy.port}` });
    await set(port, 'kept');
    proxy.delay(30);
    const reading = get(port);
    // The read is on its way when the connection is reset.
    await proxy.cut();
    await proxy.restore();
    assert.equal(await reading, 'kept');
  });

  test('a network that swallows everything is noticed, and what waited is told', async () => {
    const port = await openPort({ url: `redis://127.0.0.1:${proxy.port}`, connectTimeoutMs: 200 });
    await set(port, 'kept');
    proxy.blackhole();
    const waiting = await Promise.all(Array.from({ length: 50 }, () => sentenceOf(get(port))));
    assert.ok(waiting.every((sentence) => sentence.startsWith('store-unreachable: ')));
    assert.match(await sentenceOf(get(port)), /did not answer|given up/);
    await proxy.restore();
    await waitUntil('it was back', async () => (await get(port)) === 'kept');
  });

  test('a Redis that is frozen and thawed is used again', async () => {
    const port = await openPort({ url: redis.url, connectTimeoutMs: 200 });
    await set(port, 'kept');
    redis.pause();
    assert.match(await sentenceOf(get(port)), /store-unreachable/);
    redis.resume();
    await waitUntil('it was back', async () => (await get(port)) === 'kept');
  });
});

describe('a Redis with passwords, users and TLS', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis({ tls: true, acl: ['user app on >s3cret:/@ ~holdfast:* +@all'] });
  });
  after(() => redis.stop());

  test('is reached as a user over TLS with its authority', async () => {
    const ca = readFileSync(redis.certificate?.caPath ?? '');
    const port = await openPort({ url: redis.urlFor('app', 's3cret:/@'), tls: { ca } });
    await set(port, 'over TLS');
    assert.equal(await get(port), 'over TLS');
    assert.ok(!port.name.includes('s3cret'));
  });

  test('a wrong password, an unknown authority and a missing s are said with the fix, and no password is shown', async () => {
    const ca = readFileSync(redis.certificate?.caPath ?? '');
    const wrong = await sentenceOf(openPort({ url: redis.urlFor('app', 'hunter2hunter2'), tls: { ca } }));
    assert.match(wrong, /^store-unusable: .* refused the user name or password/);
    const unknown = await sentenceOf(openPort({ url: redis.urlFor('app', 's3cret:/@') }));
    assert.match(unknown, /^store-unusable: .* authority this process does not know: give it with tls\.ca/);
    const plain = await sentenceOf(openPort({ url: redis.urlFor('app', 's3cret:/@').replace('rediss', 'redis') }));
    assert.match(plain, /if it expects TLS, write rediss/);
    const other = { ca, servername: 'elsewhere.example' };
    const host = await sentenceOf(openPort({ url: redis.urlFor('app', 's3cret:/@'), tls: other }));
    assert.match(host, /^store-unusable: .* is for another host/);
    for (const sentence of [wrong, unknown, plain, host]) assert.doesNotMatch(sentence, /hunter2|s3cret/);
  });
});

describe('the package redis', () => {
  test('says how to install it where it is missing', () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name === 'redis') throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(name, context);
      } });`;
    const source = new URL('../../src/stores/redis/node-redis.ts', import.meta.url).href;
    const program = `await (await import('${source}')).loadNodeRedis().catch((error) => console.log(error.code, error.message));`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, '--input-type=module', '-e', program];
    assert.match(execFileSync(process.execPath, args, { encoding: 'utf8' }), /^store-unusable .* npm install redis$/m);
  });
});

describe('writes that wait for replicas', () => {
  test('are answered when a replica has them, and unreachable when none is there', async () => {
    const primary = await startRedis();
    const replica = await startRedis({ extra: ['--replicaof', '127.0.0.1', String(primary.port)] });
    try {
      await waitUntil('the replica followed', async () => {
        const views = await Promise.all([primary, replica].map((server) => server.command('INFO', 'replication')));
        return views.every(isInStep) && views.some((view) => view.includes('state=online'));
      });
      const port = await openPort({ url: primary.url, waitReplicas: { replicas: 1, timeoutMs: 400 } });
      const write = script("return redis.call('HSET', KEYS[1], 'field', ARGV[1])", { replicated: true });
      await Promise.all([1, 2, 3].map((text) => port.run(write, [`holdfast:s:{${text}}`], [String(text)])));
      assert.equal(await replica.command('HGET', 'holdfast:s:{3}', 'field'), '3');
      replica.pause();
      assert.match(await sentenceOf(port.run(write, [KEY], ['lost?'])), /0 of 1 replicas/);
      replica.resume();
    } finally {
      await Promise.all([primary.stop(), replica.stop()]);
    }
  });
});

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
