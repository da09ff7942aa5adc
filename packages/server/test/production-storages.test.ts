/** `REDIS_URL=… DATABASE_URL=… holdfast serve`: the command as real processes on both, as people run it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../src/cli/free-port.ts';
import { Client } from './harness/client.ts';
import { startCommand } from './harness/process.ts';
import { OTHER_SECRET, PRODUCTION, SECRET, temporaryDirectory } from './harness/service.ts';
import { LAYERED, POSTGRES, REDIS } from './harness/storages.ts';

for (const [storage, words] of [
  [LAYERED, ['--workers', '2']],
  [POSTGRES, []],
  [REDIS, []],
] as const) {
  test(`${storage.name}: people sign in, stay signed in over a restart with a new key, and are told apart`, async (context) => {
    const directory = temporaryDirectory(context);
    const port = await freePort('127.0.0.1');
    const environment = { ...PRODUCTION, ...(await storage.environment()), PORT: String(port) };
    const serve = (secret: string) =>
      startCommand(context, ['serve', ...words], {
        directory,
        environment: { ...environment, SESSION_SECRET: secret },
      });
    const workers = words.length === 0 ? 1 : 2;

    const first = serve(SECRET);
    await first.says(/listening/, workers);
    const ada = new Client(`http://127.0.0.1:${port}`);
    const alone = { connection: 'close' };
    assert.equal(
      (await ada.post('/auth/sign-up', { email: 'ada@x.test', password: 'correct horse 9' }, alone)).status,
      201,
    );
    for (let i = 0; i < 4; i++) {
      assert.equal((await ada.post('/unified-auth/validate', undefined, alone)).json().valid, true);
    }
    first.child.kill('SIGTERM');
    assert.equal(await first.ended(), 0);
    assert.doesNotMatch(first.output(), /"level":(50|60)/);

    const refused = serve(OTHER_SECRET);
    assert.equal(await refused.ended(), 78);
    assert.match(refused.output(), /1 of 1 live sessions would be signed out/);

    const status = startCommand(context, ['keys', 'status'], {
      directory,
      environment: { ...environment, SESSION_SECRET: `${OTHER_SECRET},${SECRET}` },
    });
    assert.equal(await status.ended(), 0, status.output());
    assert.match(status.output(), /verifies +1 +when they have been back once/);

    const second = serve(`${OTHER_SECRET},${SECRET}`);
    await second.says(/listening/, workers);
    assert.equal((await ada.validate()).valid, true);
    assert.equal((await ada.post('/auth/sign-out')).status, 200);
    second.child.kill('SIGTERM');
    assert.equal(await second.ended(), 0);
  });
}
