/** A page server in front of the real service: it learns who asks, passes a refresh on whole, and is not held back by an outage. */
import assert from 'node:assert/strict';
import { askForPage } from 'holdfast/client/ssr';
import { ADA } from '../e2e/harness/person.ts';
import { stageTest } from '../e2e/harness/stage.ts';

function jarOf(lines: readonly string[]): string {
  return lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ');
}

stageTest('askForPage asks the real service', async (stage) => {
  const service = await stage.startService();
  const ask = (cookie: string) => {
    const headers = { cookie, 'user-agent': 'Browser/1' };
    return askForPage(new Request('https://app.example/account', { headers }), { service: service.url });
  };
  const signedUp = await fetch(`${service.url}/auth/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: service.url },
    body: JSON.stringify(ADA),
  });
  assert.equal(signedUp.status, 201);
  let cookie = jarOf(signedUp.headers.getSetCookie());

  await stage.step('it learns who asks, and needs no cookie for that', async () => {
    const { initial, setCookie } = await ask(cookie);
    assert.ok(initial?.valid);
    assert.equal((initial.user as { email: string }).email, ADA.email);
    assert.deepEqual(setCookie, []);
    assert.deepEqual((await ask('')).initial, { valid: false, reason: 'no-token' });
  });

  await stage.step('when a refresh is due, both cookies come with the page, and they are good', async () => {
    await service.restart({ clockAheadSeconds: 400 });
    const { initial, setCookie, headers } = await ask(cookie);
    assert.ok(initial?.valid);
    assert.equal(setCookie.length, 2);
    assert.deepEqual(headers.getSetCookie(), setCookie);
    cookie = jarOf(setCookie);
    assert.ok((await ask(cookie)).initial?.valid);
  });

  await stage.step('during an outage nobody knows', async () => {
    await service.kill();
    assert.deepEqual(await ask(cookie).then(({ initial, setCookie }) => [initial, setCookie]), [null, []]);
  });
});
