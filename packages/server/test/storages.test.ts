/** The same service on Redis, on PostgreSQL and on both. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testRoutes } from './harness/route-suite.ts';
import { LAYERED, POSTGRES, REDIS, startOn } from './harness/storages.ts';

for (const storage of [REDIS, POSTGRES, LAYERED]) testRoutes(storage.name, startOn(storage));

const KINDS = [
  [REDIS, 'redis'],
  [POSTGRES, 'postgres'],
  [LAYERED, 'layered'],
] as const;

describe('several processes', () => {
  for (const [storage, kind] of KINDS) {
    test(`on ${storage.name} a session of one is known to the other, and ended for it at once`, async (context) => {
      const environment = await storage.environment();
      const here = await startOn({ ...storage, environment: async () => environment })(context);
      const there = await startOn({ ...storage, environment: async () => environment })(context, {
        // Redis alone leaves the accounts in a file, which both have to share.
        environment: { DATA_DIR: here.directory },
      });
      assert.equal(here.service.opened.store.kind, kind);
      const ada = here.client();
      await ada.signUp('ada@x.test', 'correct horse 9');
      const copy = there.client();
      for (const [name, value] of ada.jar) copy.jar.set(name, value);
      for (let i = 0; i < 3; i++) assert.equal((await copy.validate()).valid, true);
      const devices = (await copy.get('/auth/sessions')).json<{ sessions: unknown[] }>().sessions;
      assert.equal(devices.length, 1);
      await ada.post('/auth/sign-out');
      // Other processes are told by a message, which takes its time on a busy machine.
      const deadline = Date.now() + 5000;
      for (let valid: unknown = true; valid === true; ) {
        assert.ok(Date.now() < deadline, 'the other process still lets the session in');
        ({ valid } = await copy.validate());
      }
      assert.deepEqual(await copy.validate(), { valid: false, reason: 'signed-out' });
    });

    test(`on ${storage.name} the health of the store is told in the shape that monitors know`, async (context) => {
      const { client, service } = await startOn(storage)(context);
      for (const path of ['/auth/store-health', '/auth/redis-health']) {
        const answer = await client().get(path);
        assert.equal(answer.status, 200);
        const { status, message, timestamp } = answer.json<Record<string, string>>();
        assert.equal(status, 'healthy');
        assert.equal(message, `the session store (${kind}) can be read and written`);
        assert.match(timestamp ?? '', /^\d{4}-\d\d-\d\dT/);
      }
      await service.sessions.close();
      const not = await client().get('/auth/store-health');
      assert.equal(not.status, 503);
      assert.match(not.headers.get('retry-after') ?? '', /^[1-9]/);
      assert.equal(not.json().status, 'unhealthy');
      assert.doesNotMatch(not.text, /127\.0\.0\.1/, 'whoever asks is not told where the store is');
    });
  }
});
