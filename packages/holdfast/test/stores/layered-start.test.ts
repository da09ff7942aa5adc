/** The layered store comes up without its front, serves everybody on the back alone, and takes the front when it appears. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { type LayeredStore, layeredStore } from '../../src/stores/layered.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

/** The engine's. */
const DEADLINE_MS = 1000;

let redis: RedisServer;
let postgres: PostgresServer;
let directory = '';
let url = '';
before(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  url = await postgres.createDatabase('started');
  directory = temporaryDirectory();
});
after(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

const backs: Record<string, () => Promise<TransferableStore>> = {
  SQLite: async () => sqliteStore({ directory }),
  PostgreSQL: () => postgresStore({ url, cache: false }),
};

function over(back: TransferableStore): LayeredStore {
  return layeredStore({ back, front: (namespace) => redisStore({ url: redis.url, prefix: `start-${namespace}` }) });
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `in 30 s it was never so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A person signs in, comes back, stores something, and signs out; answers how long the longest step took. */
async function serve(store: LayeredStore): Promise<number> {
  const now = Date.now();
  const times = { createdAt: now, lastSeenAt: now, expiresAt: now + 3_600_000, absoluteExpiresAt: now + 7_200_000 };
  const record = { ...sampleRecord(), ...times };
  let longest = 0;
  const timed = async <T>(call: T | PromiseLike<T>): Promise<T> => {
    const began = performance.now();
    const answer = await call;
    longest = Math.max(longest, performance.now() - began);
    return answer;
  };
  assert.equal((await timed(store.create(record))).status, 'created');
  assert.equal((await timed(store.read(record.id))).status, 'live');
  assert.equal((await timed(store.update(record.id, { set: { a: 1 } }))).status, 'updated');
  assert.equal((await timed(store.take(record.id, { reason: 'signed-out', at: now }))).status, 'taken');
  assert.equal((await timed(store.read(record.id))).status, 'ended');
  return longest;
}

async function isInUse(store: LayeredStore): Promise<boolean> {
  await store.read(sampleRecord().id);
  return (await store.health()).message.includes('the front is in use');
}

for (const [name, open] of Object.entries(backs)) {
  test(`over ${name} with Redis down, the first start serves everybody, and Redis is used when it appears`, async (t) => {
    await redis.kill();
    const store = over(await open());
    try {
      t.diagnostic(`the longest step took ${Math.round(await serve(store))} ms`);
      const findings = (await store.inspect?.()) ?? [];
      assert.ok(findings.some(({ code, severity }) => code === 'front-not-in-use' && severity === 'warning'));
      assert.ok(!findings.some(({ code }) => code === 'cached-back'));
      assert.equal((await store.health()).healthy, true);
      assert.ok((await serve(store)) < DEADLINE_MS);
      await redis.restart();
      await until('Redis is used', () => isInUse(store));
      assert.ok((await serve(store)) < DEADLINE_MS);
    } finally {
      await store.close();
    }
  });

  test(`over ${name} with Redis down, a later start serves everybody within the deadline of a call`, async (t) => {
    // The register says by now that Redis is in use; the second start finds it suspended by the first.
    await redis.kill();
    for (const looksFirst of [false, true]) {
      const store = over(await open());
      try {
        if (looksFirst) await store.inspect?.();
        const longest = await serve(store);
        t.diagnostic(`the longest step took ${Math.round(longest)} ms`);
        assert.ok(longest < DEADLINE_MS, `${longest} ms`);
        assert.match((await store.health()).message, /suspended/);
      } finally {
        await store.close();
      }
    }
  });
}

test('a back that answers from a cache is found before people depend on it', async () => {
  if (!redis.isRunning) await redis.restart();
  const store = over(await postgresStore({ url }));
  try {
    const findings = (await store.inspect?.()) ?? [];
    assert.ok(findings.some(({ code, severity }) => code === 'cached-back' && severity === 'problem'));
  } finally {
    await store.close();
  }
});
