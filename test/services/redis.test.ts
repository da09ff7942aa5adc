/** The Redis that tests start: its options take effect, and each way of going down is what its name says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type RedisOptions, type RedisServer, startRedis, startRedisOn } from './redis.ts';
import { redisCommand } from './redis-command.ts';

async function started(t: TestContext, options: RedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  t.after(() => server.stop());
  return server;
}

test('after SIGKILL it comes back on the same port, without data unless it was told to append', async (t) => {
  const forgetful = await started(t);
  const durable = await started(t, { appendonly: true, appendfsync: 'always' });
  for (const [server, kept] of [
    [forgetful, ''],
    [durable, 'v'],
  ] as const) {
    await server.command('SET', 'k', 'v');
    const former = server.pid;
    await server.kill();
    await assert.rejects(server.command('PING'), /ECONNREFUSED/);
    await server.restart();
    assert.notEqual(server.pid, former);
    assert.equal(await server.command('GET', 'k'), kept);
  }
});

test('paused it takes connections and answers nothing; resumed it goes on', async (t) => {
  const server = await started(t);
  server.pause();
  const impatient = { host: server.host, port: server.port, timeoutMs: 200 };
  await assert.rejects(redisCommand(impatient, ['PING']), /no answer within 200 ms/);
  server.resume();
  assert.equal(await server.command('PING'), 'PONG');
});

test('a password, users and limits are those of the options', async (t) => {
  const withPassword = await started(t, { password: 'p w', maxmemory: '20mb', maxmemoryPolicy: 'allkeys-lru' });
  const { host, port } = withPassword;
  await assert.rejects(redisCommand({ host, port }, ['PING']), /NOAUTH/);
  assert.equal(await redisCommand({ host, port, password: 'p w' }, ['PING']), 'PONG');
  assert.equal(withPassword.url, `redis://:p%20w@127.0.0.1:${port}`);
  assert.equal(await withPassword.command('CONFIG', 'GET', 'maxmemory-policy'), 'maxmemory-policy\nallkeys-lru');

  const withUsers = await started(t, { acl: ['user default off', 'user app on >secret ~app:* +get'] });
  const app = { host: withUsers.host, port: withUsers.port, user: 'app', password: 'secret' };
  assert.equal(await redisCommand(app, ['GET', 'app:x']), null);
  await assert.rejects(redisCommand(app, ['GET', 'other']), /NOPERM/);
  assert.equal(await withUsers.command('PING'), 'PONG');
});

test('with TLS it answers those who trust its authority and nobody else', async (t) => {
  const { host, port, certificate, url } = await started(t, { tls: true });
  assert.equal(url, `rediss://127.0.0.1:${port}`);
  const ca = readFileSync(certificate?.caPath ?? '', 'utf8');
  const foreign = readFileSync((await started(t, { tls: true })).certificate?.caPath ?? '', 'utf8');
  assert.equal(await redisCommand({ host, port, ca }, ['PING']), 'PONG');
  await assert.rejects(redisCommand({ host, port, ca: foreign }, ['PING']), /certificate/);
  await assert.rejects(redisCommand({ host, port }, ['PING']));
});

test('a Redis that cannot start says why, and one on a port of somebody else is not taken for ours', async (t) => {
  await assert.rejects(startRedis({ extra: ['--no-such-setting', '1'] }), /ended with code 1 .*no-such-setting/s);
  const { port } = await started(t);
  await assert.rejects(startRedisOn(port), /Address already in use/);
});
