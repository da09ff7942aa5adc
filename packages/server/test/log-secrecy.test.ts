/** Logs tell what happened and hold nothing that opens anything or names anybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECRET, startService } from './harness/service.ts';

test('ST2, ST3: a whole journey leaves no password, token, cookie, address of mail, query or key in the log', async (context) => {
  const { client, log, service } = await startService(context);
  const ada = client();
  const secrets = new Set([
    SECRET,
    'correct horse 9',
    'wrong horse 9',
    'ada@x.test',
    'Ada Lovelace',
    'bob@x.test',
    'query-secret',
  ]);
  const remember = (): void => {
    for (const value of ada.jar.values()) secrets.add(value);
  };
  await ada.post('/auth/sign-up', { email: 'ada@x.test', password: 'correct horse 9', name: 'Ada Lovelace' });
  remember();
  await ada.get('/unified-auth/validate?token=query-secret');
  await ada.get('/nope?token=query-secret');
  await ada.get('/auth/me?token=query-secret');
  await ada.post('/auth/sign-in', { email: 'ada@x.test', password: 'wrong horse 9' });
  await ada.post('/auth/sign-in', '{"email":"ada@x.test","password":"correct horse 9"');
  await ada.post('/auth/sign-in', { email: 'ada@x.test', password: 'correct horse 9' });
  remember();
  await ada.post('/auth/sign-in', { email: 'bob@x.test', password: 'correct horse 9', oops: 'query-secret' });
  await ada.post('/auth/sign-out');
  await ada.post('/auth/sign-in', { email: 'ada@x.test', password: 'correct horse 9' });
  remember();
  await service.accounts.schema.dropTable('users').execute();
  await ada.post('/auth/sign-in', { email: 'ada@x.test', password: 'correct horse 9' });
  await service.sessions.close();
  await ada.get('/auth/me');
  const text = log.join('');
  for (const secret of secrets) assert.ok(!text.includes(secret), `the log holds ${secret}`);
  assert.ok(log.length >= 8);
  for (const line of log) assert.doesNotThrow(() => JSON.parse(line));
});

test('a session’s end is one line with its reason', async (context) => {
  const { client, log } = await startService(context, { environment: { LOG_LEVEL: 'info' } });
  const ada = client();
  await ada.signUp('ada@x.test');
  await ada.post('/auth/sign-out');
  const ends = log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'session-ended');
  assert.equal(ends.length, 1);
  assert.equal(ends[0]?.reason, 'signed-out');
  assert.match(String(ends[0]?.sessionId), /^[\w-]{22}$/);
});

test('validate and the probes are not logged unless one is debugging', async (context) => {
  const { client, log } = await startService(context, { environment: { LOG_LEVEL: 'info' } });
  log.splice(0);
  await client().validate();
  await client().get('/healthz');
  await client().get('/auth/me');
  const routes = log.map((line) => (JSON.parse(line) as { route?: string }).route);
  assert.deepEqual(routes, ['/auth/me']);
});
