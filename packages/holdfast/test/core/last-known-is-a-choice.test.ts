/** What was last known of a session counts in an outage only where that was chosen, and never against anybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnreachableError } from '../../src/core/errors.ts';
import type { SessionRecord } from '../../src/core/record.ts';
import type { Store } from '../../src/core/store.ts';
import { createHttpSessions } from '../../src/http/create-http-sessions.ts';
import { createSessions, type Sessions } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { NEW_SECRET } from './world.ts';

interface Scene {
  readonly sessions: Sessions;
  readonly time: { now: number };
  readonly cookie: (what: 'access' | 'refresh' | 'both') => string;
  readonly tokens: { readonly access: string[]; readonly refresh: string[] };
  readonly id: string;
  /** What the cache holds; emptied by a test that wants nothing known. */
  readonly known: Map<string, SessionRecord>;
  outage: boolean;
}

/** A signed-in person on a store whose cache knows every record that was read, and that can stop answering. */
async function setUp(): Promise<Scene> {
  const time = { now: Date.UTC(2026, 0, 5, 12) };
  const clock = (): number => time.now;
  const inner = memoryStore({ clock });
  const known = new Map<string, SessionRecord>();
  const guard = <A extends readonly unknown[], T>(call: (...args: A) => T) => {
    return (...args: A): T => {
      if (scene.outage) throw new StoreUnreachableError('planted');
      return call(...args);
    };
  };
  const store: Store = {
    kind: 'memory',
    read: guard((id: string) => {
      const read = inner.read(id);
      if ('status' in read && read.status === 'live') known.set(id, read.record);
      return read;
    }),
    lastKnown: (id) => (scene.outage ? known.get(id) : undefined),
    create: guard(inner.create.bind(inner)),
    update: guard(inner.update.bind(inner)),
    touch: guard(inner.touch.bind(inner)),
    move: guard(inner.move.bind(inner)),
    take: guard(inner.take.bind(inner)),
    takeByUser: guard(inner.takeByUser.bind(inner)),
    delete: guard(inner.delete.bind(inner)),
    listByUser: guard(inner.listByUser.bind(inner)),
    count: guard(inner.count.bind(inner)),
    sweep: guard(inner.sweep.bind(inner)),
    announceKeys: guard(inner.announceKeys.bind(inner)),
    listKeyAnnouncements: guard(inner.listKeyAnnouncements.bind(inner)),
    health: () => ({ healthy: !scene.outage, message: 'planted' }),
    close: () => inner.close(),
  };
  const sessions = createSessions({ store, secrets: NEW_SECRET, clock, sweepSeconds: 0 });
  const scene: Scene = { sessions, time, cookie, tokens: { access: [], refresh: [] }, id: '', known, outage: false };
  const started = await sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started');
  const issued = await started.grant.issue();
  scene.tokens.access.push(issued?.access.value ?? '');
  scene.tokens.refresh.push(issued?.refresh?.value ?? '');
  await sessions.resolve(scene.tokens);
  return Object.assign(scene, { id: started.session.id });

  function cookie(what: 'access' | 'refresh' | 'both'): string {
    const { access, refresh } = scene.tokens;
    const parts = [`session_access=${access[0]}`, `session_refresh=${refresh[0]}`];
    return what === 'both' ? parts.join('; ') : (parts[what === 'access' ? 0 : 1] ?? '');
  }
}

test('in an outage a person whose session is known stays signed in, with nothing issued', async () => {
  const scene = await setUp();
  scene.outage = true;
  for (const tokens of [scene.tokens, { access: [], refresh: scene.tokens.refresh }]) {
    const resolution = await scene.sessions.resolve(tokens);
    assert.ok(resolution.status === 'signed-in');
    assert.equal(resolution.session.userId, 'ada');
    assert.equal(resolution.stale, true);
    assert.equal(resolution.grant, null);
  }
  scene.outage = false;
  const after = await scene.sessions.resolve(scene.tokens);
  assert.ok(after.status === 'signed-in');
  assert.equal(after.stale, undefined);
});

test('what is not known, expired, or looks stolen is unreachable, never signed out', async () => {
  const scene = await setUp();
  scene.outage = true;
  const [record] = scene.known.values();
  assert.ok(record);
  scene.known.set(scene.id, { ...record, generation: 7, confirmedIssuedAt: record.confirmedIssuedAt + 600 });
  scene.time.now += 301_000;
  assert.equal((await scene.sessions.resolve(scene.tokens)).status, 'unreachable');
  scene.known.set(scene.id, { ...record, expiresAt: scene.time.now });
  assert.equal((await scene.sessions.resolve(scene.tokens)).status, 'unreachable');
  scene.known.clear();
  assert.equal((await scene.sessions.resolve(scene.tokens)).status, 'unreachable');
});

test('a request that may change something is answered 503 in an outage unless that was chosen', async () => {
  const scene = await setUp();
  scene.outage = true;
  const options = { origins: ['http://localhost'], insecureLoopbackCookies: true };
  const strict = createHttpSessions(scene.sessions, options);
  const lax = createHttpSessions(scene.sessions, { ...options, allowStaleWrites: true });
  const request = (method: string) => ({
    method,
    header: (name: string) => (name === 'cookie' ? scene.cookie('both') : undefined),
  });
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.equal((await strict.exchange(request(method)).resolve()).status, 'signed-in', method);
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const exchange = strict.exchange(request(method));
    assert.equal((await exchange.resolve()).status, 'unreachable', method);
    const { headers, setCookie } = await exchange.responseFacts();
    assert.equal(headers['retry-after'], '1');
    assert.deepEqual(setCookie, []);
    assert.equal((await strict.exchange(request(method)).resolve({ readOnly: true })).status, 'signed-in', method);
    assert.equal((await lax.exchange(request(method)).resolve()).status, 'signed-in', method);
  }
  const changed = await lax.exchange(request('POST')).update({ set: { a: 1 } });
  assert.equal(changed.status, 'unreachable');
});
