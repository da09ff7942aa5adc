/** A proxy that loses Set-Cookie headers is named while people are still signed in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../src/ops/logging.ts';
import { logLostCookies } from '../src/ops/lost-cookies-log.ts';
import { startService } from './harness/service.ts';

test('an access cookie without its refresh cookie is hinted at, and logged once', async (context) => {
  const { client, log } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test', 'correct horse 9');
  const whole = await ada.post('/unified-auth/validate');
  assert.equal(whole.headers.get('x-session-hint'), null);

  ada.jar.delete('session_refresh');
  for (const method of ['POST', 'GET']) {
    const parted = await ada.ask(method, '/unified-auth/validate');
    assert.equal(parted.json().valid, true);
    assert.equal(parted.headers.get('x-session-hint'), 'refresh-cookie-missing');
  }
  ada.jar.set('session_access', 'no token at all');
  const spoilt = await ada.post('/unified-auth/validate');
  assert.equal(spoilt.json().valid, false);
  assert.equal(spoilt.headers.get('x-session-hint'), 'refresh-cookie-missing');

  const nobody = await client().post('/unified-auth/validate');
  assert.equal(nobody.headers.get('x-session-hint'), null);
  assert.equal(log.filter((line) => line.includes('folds Set-Cookie')).length, 1);
});

test('the log line comes at most once a minute, with the number of requests in between', () => {
  const lines: string[] = [];
  let now = 0;
  const tell = logLostCookies(createLogger('warn', { write: (line) => void lines.push(line) }), () => now);
  for (let second = 0; second <= 90; second += 1) {
    now = second * 1000;
    tell();
  }
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).requests),
    [1, 60],
  );
});
