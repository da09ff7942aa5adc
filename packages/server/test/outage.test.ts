/** An outage is never a logout: no answer from a store is 503, and the cookies stay as they are. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { assertProblem } from './harness/client.ts';
import { startService } from './harness/service.ts';

test('RV11, ER5: with the session store gone every route about sessions answers 503 and touches no cookie', async (context) => {
  const { client, service } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test', 'correct horse 9');
  const jar = new Map(ada.jar);
  await service.sessions.close();
  const credentials = { email: 'ada@x.test', password: 'correct horse 9' };
  for (const answer of [
    await ada.post('/unified-auth/validate'),
    await ada.get('/unified-auth/validate'),
    await ada.get('/auth/me'),
    await ada.get('/auth/sessions'),
    await ada.post('/auth/sessions/revoke-others'),
    await ada.delete('/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA'),
    await ada.post('/auth/sign-out'),
    await ada.post('/auth/sign-in', credentials),
  ]) {
    assertProblem(answer, 503, 'store-unreachable');
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
    assert.deepEqual(answer.setCookie, []);
    assert.equal(answer.headers.get('clear-site-data'), null);
  }
  assert.deepEqual(ada.jar, jar);
  assert.deepEqual(
    await client().validate(),
    { valid: false, reason: 'no-token' },
    'without a cookie nothing is asked',
  );
});

test('while another process holds the write lock people stay signed in, and writes answer 503', async (context) => {
  const { client, directory } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test', 'correct horse 9');
  const locks = ['accounts.db', 'sessions.db'].map((file) => new DatabaseSync(join(directory, file)));
  for (const lock of locks) lock.exec('BEGIN IMMEDIATE');
  try {
    assert.equal((await ada.validate()).valid, true);
    const signUp = client().post('/auth/sign-up', { email: 'bob@x.test', password: 'correct horse 9' });
    const signOut = ada.post('/auth/sign-out');
    assertProblem(await signUp, 503, 'store-unreachable');
    assertProblem(await signOut, 503, 'store-unreachable');
    assert.equal((await ada.validate()).valid, true);
  } finally {
    for (const lock of locks) {
      lock.exec('ROLLBACK');
      lock.close();
    }
  }
  assert.equal((await ada.post('/auth/sign-out')).status, 200);
  assert.deepEqual(await ada.validate(), { valid: false, reason: 'no-token' });
});
