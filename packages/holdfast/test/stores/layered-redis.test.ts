/** The layered store over real servers: Redis flushed, killed, frozen and set back under load signs nobody out and revives nobody. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { type LayeredStore, layeredStore } from '../../src/stores/layered.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

const PEOPLE = 40;
let redis: RedisServer;
let keeping: RedisServer;
let postgres: PostgresServer;
let url = '';
let directory = '';
let now = START;

before(async () => {
  [redis, keeping, postgres] = await Promise.all([startRedis(), startRedis({ appendonly: true }), startPostgres()]);
  url = await postgres.createDatabase('layered');
  directory = temporaryDirectory();
});
after(async () => {
  await Promise.all([redis.stop(), keeping.stop(), postgres.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

const clock = (): number => now;
const backs = {
  SQLite: async (): Promise<TransferableStore> => sqliteStore({ directory, clock }),
  PostgreSQL: (): Promise<TransferableStore> => postgresStore({ url, clock, cache: false }),
};

async function processOf(cached: boolean, { over, server }: Trouble): Promise<LayeredStore> {
  const { url: at } = server();
  return layeredStore({
    clock,
    back: await backs[over](),
    front: (namespace) =>
      redisStore({
        url: at,
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

async function isInUse(store: LayeredStore | undefined): Promise<boolean> {
  return (await store?.health())?.message.includes('the front is in use') ?? false;
}

/** People who come again and again, some of whom sign out, while `trouble` happens. */
async function live(stores: readonly LayeredStore[], trouble: Trouble['happens']): Promise<number> {
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
    await Promise.race([trouble(stores), done]);
  } finally {
    going = false;
  }
  await done;
  assert.deepEqual(wrong, []);
  assert.ok(over.size > 0, 'nobody signed out, so nothing was tried');
  return answers;
}

interface Trouble {
  readonly over: keyof typeof backs;
  readonly server: () => RedisServer;
  readonly happens: (stores: readonly LayeredStore[]) => Promise<void>;
}

const plain = { over: 'SQLite', server: () => redis } as const;
const troubles: Record<string, Trouble> = {
  'is flushed': {
    ...plain,
    happens: async () => {
      for (let flush = 0; flush < 5; flush++) {
        await redis.command('FLUSHALL');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
  },
  'is killed and comes back empty': {
    ...plain,
    happens: async () => {
      await redis.kill();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await redis.restart();
      await new Promise((resolve) => setTimeout(resolve, 500));
    },
  },
  'is frozen for three seconds': {
    ...plain,
    happens: async () => {
      redis.pause();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      redis.resume();
      await new Promise((resolve) => setTimeout(resolve, 500));
    },
  },
  'is killed and comes back as its append-only file has it': {
    over: 'PostgreSQL',
    server: () => keeping,
    happens: async (stores) => {
      for (let kill = 0; kill < 3; kill++) {
        await until('the front is in use', () => isInUse(stores[0]));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await keeping.kill();
        // What it acknowledged in its last second may be missing, barriers and changes alike.
        loseTheLastWrites(keeping);
        await keeping.restart();
      }
      await new Promise((resolve) => setTimeout(resolve, 700));
    },
  },
};

/** Cuts the append-only file as a loss of power does: the kernel had not written its end yet. */
function loseTheLastWrites({ directory: folder }: RedisServer): void {
  const files = readdirSync(join(folder, 'appendonlydir')).filter((name) => name.endsWith('.incr.aof'));
  for (const file of files) {
    const path = join(folder, 'appendonlydir', file);
    truncateSync(path, Math.max(0, statSync(path).size - 8000));
  }
}

for (const [name, trouble] of Object.entries(troubles)) {
  test(`nobody is signed out and nobody comes back while the Redis in front ${name}`, async (t) => {
    const stores = [await processOf(false, trouble), await processOf(true, trouble)];
    try {
      for (const store of stores) await store.inspect?.();
      t.diagnostic(`${await live(stores, trouble.happens)} answers`);
      await until('the front is in use again', async () => {
        for (const store of stores) await store.read(sampleRecord().id);
        return isInUse(stores[0]);
      });
    } finally {
      for (const store of stores) await store.close();
      now += 1;
    }
  });
}
