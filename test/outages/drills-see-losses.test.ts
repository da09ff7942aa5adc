/** The outage drills find what they look for: a store that goes back in time, and an application that answers wrongly. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { OutageDrill } from '../../survival/outages/drill.ts';
import { Ledger } from '../../survival/outages/ledger.ts';
import { Person, tryGhost } from '../../survival/outages/person.ts';
import { redisScene } from '../../survival/outages/redis-scene.ts';
import { SiteClient } from '../../survival/outages/site-client.ts';
import { runShortened } from './survives-outage.ts';

/** It starts again from a copy of its data that is some seconds old. */
const goesBackInTime: OutageDrill = {
  id: 'redis-goes-back-in-time',
  title: 'Redis goes back in time',
  does: 'Redis is killed and starts from a copy of its data that is some seconds old.',
  seconds: { full: 4, short: 4 },
  mayLose: null,
  open: () =>
    redisScene({}, (redis) => ({
      async fail() {
        await redis.command('SAVE');
        await pause(4000);
        await redis.kill();
      },
      mend: () => redis.restart(),
    })),
};

test('a store that goes back in time is told by sign-outs, sessions that come back and lost values', async () => {
  const { counts, problems } = await runShortened(goesBackInTime, 200);
  assert.ok(counts.resurrections > 0, 'no session came back');
  assert.ok(counts.lostData > 0, 'no value was lost');
  assert.ok(counts.signOuts > 0, 'nobody was signed out');
  assert.equal(problems.length, 3, problems.join('; '));
});

/** An application whose answers are given, by path. */
async function wrongApp(t: TestContext, answers: Readonly<Record<string, [status: number, body: unknown]>>) {
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, {}];
    const cookie = '__Host-session_access=x; Path=/; Secure; Max-Age=300';
    response.writeHead(status, { 'set-cookie': cookie, 'x-session-reason': 'not-found' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const ledger = new Ledger();
  const client = new SiteClient([(server.address() as AddressInfo).port], ledger);
  t.after(() => {
    client.close();
    server.close();
  });
  const person = new Person({ user: 'ada', client, ledger, clock: Date.now });
  await person.signIn(0);
  return { ledger, client, person };
}

const SIGNED_IN = { '/sign-in': [200, { user: 'ada', session: 's' }] } as const;

test('two requests that both ended the session are told', async (t) => {
  const { ledger, person } = await wrongApp(t, {
    '/sign-in': [...SIGNED_IN['/sign-in']],
    '/sign-out': [200, { ended: 1 }],
  });
  await person.signOut(0, 'twice');
  assert.equal(ledger.counts.doubles, 1);
});

test('a 503 that sets a cookie is told', async (t) => {
  const { ledger, person } = await wrongApp(t, { '/sign-in': [...SIGNED_IN['/sign-in']], '/me': [503, {}] });
  await person.validate(0);
  assert.equal(ledger.counts.touchedCookies, 1);
});

test('being answered as somebody else, and any other error, is told', async (t) => {
  const answers: Record<string, [number, unknown]> = {
    '/sign-in': [200, { session: 's' }],
    '/me': [200, { user: 'eve' }],
  };
  const { ledger, person } = await wrongApp(t, answers);
  await person.validate(0);
  await person.write(0);
  assert.equal(ledger.counts.wrongPerson, 1);
  assert.equal(ledger.counts.unexpected, 1);
});

test('an ended session that a process lets in after it had refused it is told at once', async (t) => {
  const answers: Record<string, [number, unknown]> = {
    '/sign-in': [200, { session: 's' }],
    '/sign-out': [200, { ended: 1 }],
    '/me': [401, {}],
  };
  const { ledger, client, person } = await wrongApp(t, answers);
  const ghost = await person.signOut(0, 'here');
  assert.ok(ghost !== null);
  await tryGhost(ghost, 0, client, ledger, false);
  assert.equal(ledger.counts.resurrections, 0);
  answers['/me'] = [200, { user: 'ada' }];
  await tryGhost(ghost, 0, client, ledger, false);
  assert.equal(ledger.counts.resurrections, 1);
});
