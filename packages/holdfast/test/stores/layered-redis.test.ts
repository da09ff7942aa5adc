/** The layered store over real servers: Redis flushed, killed and frozen under load signs nobody out and revives nobody. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { type LayeredStore, layeredStore } from '../../src/stores/layered.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

const PEOPLE = 40;
let redis: RedisServer;
let directory = '';
let now = START;

before(async () => {
  redis = await startRedis();
  directory = temporaryDirectory();
});
after(async () => {
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

function processOf(cached: boolean): LayeredStore {
  const clock = (): number => now;
  return layeredStore({
    clock,
    back: sqliteStore({ directory, clock }),
    front: (namespace) =>
      redisStore({
        url: redis.url,
        prefix: `front-${namespace}`,
        clock,
        connectTimeoutMs: 300,
        ...(cached ? {} : { cache: false }),
      }),
  });
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `in 20 s it was never so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** People who come again and again, some of whom sign out, while `trouble` happens. */
async function live(stores: readonly LayeredStore[], trouble: () => Promise<void>): Promise<number> {
  const people = Array.from({ length: PEOPLE }, (_, n) => sampleRecord({ userId: `user-${n}` }));
  for (const [n, record] of people.entries()) await stores[n % stores.length]?.create(record);
  const over = new Set<string>();
  const wrong: string[] = [];
  let answers = 0;
  let going = true;
  const visit = async (store: LayeredStore, first: number): Promise<void> => {
    for (let n = first; going; n = (n + 1) % people.length) {
      const id = people[n]?.id as string;
      const wasOver = over.has(id);
      const leaves = n % 4 === 0 && !wasOver && answers % 50 === 0;
      if (leaves) {
        await store.take(id, { reason: 'signed-out', at: now });
        over.add(id);
      } else {
        const { status } = await store.read(id);
        if (wasOver && status === 'live') wrong.push(`${id} is signed in again`);
        if (n % 4 !== 0 && status !== 'live') wrong.push(`${id} is ${status}`);
        if (n % 4 === 1) assert.equal((await store.update(id, { set: { seen: answers } })).status, 'updated');
      }
      answers++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const visits = stores.flatMap((store, n) => [visit(store, n), visit(store, n + 20)]);
  const done = Promise.all(visits);
  try {
    await Promise.race([trouble(), done]);
  } finally {
    going = false;
  }
  await done;
  assert.deepEqual(wrong, []);
  assert.ok(over.size > 0, 'nobody signed out, so nothing was tried');
  return answers;
}

const troubles: Record<string, () => Promise<void>> = {
  'is flushed': async () => {
    for (let flush = 0; flush < 5; flush++) {
      await redis.command('FLUSHALL');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  },
  'is killed and comes back empty': async () => {
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await redis.restart();
    await new Promise((resolve) => setTimeout(resolve, 500));
  },
  'is frozen for three seconds': async () => {
    redis.pause();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    redis.resume();
    await new Promise((resolve) => setTimeout(resolve, 500));
  },
};

for (const [name, trouble] of Object.entries(troubles)) {
  test(`nobody is signed out and nobody comes back while the Redis in front ${name}`, async (t) => {
    const stores = [processOf(false), processOf(true)];
    try {
      for (const store of stores) await store.health();
      t.diagnostic(`${await live(stores, trouble)} answers`);
      await until('the front is in use again', async () => {
        for (const store of stores) await store.read(sampleRecord().id);
        const { message } = (await stores[0]?.health()) ?? { message: '' };
        return message.includes('the front is in use');
      });
    } finally {
      for (const store of stores) await store.close();
      now += 1;
    }
  });
}
