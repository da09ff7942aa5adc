/** One-time sessions in Redis keep the contract on one server, without the cache and with it, and lie where operators look. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { type RedisStore, type RedisStoreOptions, redisStore } from '../../src/stores/redis.ts';
import { storeTickets } from '../../src/testing/index.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleTicket, sampleUse, TTL_MS } from '../../src/testing/store/ticket-scenario.ts';
import { redisTicketHarness } from './redis-ticket-harness.ts';

const ORIGIN = 'https://shop.example.com';
const MANY = 1_000_000;

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

storeTickets(
  'redis store: one-time sessions',
  redisTicketHarness(() => ({ url: server.url, cache: false })),
);
storeTickets(
  'redis store with its cache: one-time sessions',
  redisTicketHarness(() => ({ url: server.url })),
);

/** Runs with a store on an empty server. */
async function withStore(
  options: Partial<RedisStoreOptions>,
  run: (store: RedisStore) => Promise<void>,
): Promise<void> {
  await server.command('FLUSHALL');
  const store = await redisStore({ url: server.url, clock: () => START, cache: false, ...options });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

describe('one-time sessions in Redis', () => {
  test('lie under auth_session:<uuid> until their reason is told no more, and are counted in auth_stats', async () => {
    await withStore({}, async ({ tickets }) => {
      const ticket = sampleTicket();
      await tickets.create(ticket, MANY, START);
      await tickets.consume([ticket.key], sampleUse());
      await tickets.create(sampleTicket(), MANY, START);
      assert.equal((await server.command('KEYS', `auth_session:${ticket.key}`)).length, 49);
      assert.equal(await server.command('DBSIZE'), '3');
      const ttl = Number(await server.command('PTTL', `auth_session:${ticket.key}`));
      assert.ok(ttl > TTL_MS + 590_000 && ttl <= TTL_MS + 600_000, `${ttl}`);
      assert.equal(await server.command('HMGET', 'auth_stats', 'total_created', 'total_used'), '2\n1');
    });
  });

  test('of two applications with prefixes of their own stay apart', async () => {
    await withStore({}, async ({ tickets }) => {
      const other = await redisStore({ url: server.url, clock: () => START, cache: false, prefix: 'two' });
      try {
        const ticket = sampleTicket();
        await tickets.create(ticket, MANY, START);
        assert.equal(await other.tickets.read(ticket.key), null);
        await other.tickets.create(ticket, MANY, START);
        await other.tickets.consume([ticket.key], sampleUse());
        assert.deepEqual(await tickets.read(ticket.key), ticket);
        const names = (await server.command('KEYS', '*')).split('\n').sort();
        const own = [`auth_session:${ticket.key}`, 'auth_stats'];
        assert.deepEqual(names, [...own, ...own.map((name) => `two:${name}`)]);
      } finally {
        await other.close();
      }
    });
  });

  test('take at most 210 bytes each, all in, with an origin', async () => {
    await withStore({}, async ({ tickets }) => {
      const count = 20_000;
      const before = await usedMemory();
      const list = Array.from({ length: count }, () => sampleTicket({ origins: [ORIGIN] }));
      await inTurns(list, (ticket) => tickets.create(ticket, MANY, START));
      const each = ((await usedMemory()) - before) / count;
      assert.ok(each <= 210, `${each}`);
      await tickets.read(list[0]?.key ?? '', START + 1);
      // In one piece also when it was opened.
      const name = `auth_session:${list[0]?.key}`;
      assert.equal(await server.command('OBJECT', 'ENCODING', name), 'embstr');
    });
  });

  test('are not hurt by what lies under other keys of the same step', async () => {
    await withStore({}, async ({ tickets }) => {
      const strange: readonly (readonly [string, ...(string | Buffer)[]])[] = [
        ['HSET', 'field', 'value'],
        ['SET', '{"session_id":"x"}'],
        ['SET', Buffer.alloc(11, 0x9f)],
        ['SET', Buffer.alloc(40, 0x94)],
        ['SET', ''],
      ];
      const keys: string[] = [];
      for (const [command, ...args] of strange) {
        const { key } = sampleTicket();
        keys.push(key);
        await server.command(command, `auth_session:${key}`, ...args);
      }
      const good = sampleTicket({ payload: '"p"' });
      const made = await Promise.all([...keys, good.key].map((key) => tickets.create({ ...good, key }, MANY, START)));
      assert.deepEqual(
        made.map(({ status }) => status),
        [...keys.map(() => 'exists'), 'created'],
      );
      const used = await Promise.all([...keys, good.key].map((key) => tickets.consume([key], sampleUse())));
      assert.deepEqual(
        used.map(({ status }) => status),
        [...keys.map(() => 'absent'), 'consumed'],
      );
      for (const key of keys.slice(1)) assert.equal(await tickets.read(key), null);
      assert.deepEqual(await tickets.recount(START), { live: 0, used: 1, totalCreated: 1, totalUsed: 1 });
    });
  });

  test('are counted anew when the counts were lost or are wrong', async () => {
    await withStore({}, async ({ tickets }) => {
      const list = Array.from({ length: 30 }, (_, n) => sampleTicket({ expiresAt: START + 100_000 + n * 20_000 }));
      for (const ticket of list) await tickets.create(ticket, MANY, START);
      for (const { key } of list.slice(0, 10)) await tickets.consume([key], sampleUse());
      const right = await tickets.figures(START);
      for (const harm of [
        ['DEL', 'auth_stats'],
        ['HINCRBY', 'auth_stats', 'live', '-7'],
        ['HDEL', 'auth_stats', 'live', 'used_before', 'first', 'counted_to'],
        ['HINCRBY', 'auth_stats', `made:${(START + 300_000) / 10_000}`, '5'],
      ]) {
        await server.command(...harm);
        assert.deepEqual({ ...(await tickets.recount(START)), ...totals(right) }, right, harm.join(' '));
        assert.deepEqual({ ...(await tickets.figures(START)), ...totals(right) }, right, harm.join(' '));
      }
      // However wrong: with the last ten seconds that were counted it is over.
      await server.command('HINCRBY', 'auth_stats', `made:${(START + 300_000) / 10_000}`, '99');
      await tickets.sweep(100, START + 700_000);
      const { live, used } = await tickets.figures(START + 700_000);
      assert.deepEqual({ live, used }, { live: 0, used: 0 });
    });
  });

  test('that are made or used are answered when replicas have them, where that was chosen', async () => {
    await withStore({ waitReplicas: { replicas: 1, timeoutMs: 50 } }, async ({ tickets }) => {
      const ticket = sampleTicket();
      const unreachable = { code: 'store-unreachable', message: /0 of 1 replicas/ };
      await assert.rejects(async () => tickets.create(ticket, MANY, START), unreachable);
      await assert.rejects(async () => tickets.consume([ticket.key], sampleUse()), unreachable);
      assert.equal((await tickets.read(ticket.key))?.usedAt, START);
    });
  });

  test('do not make Redis keep track of their keys for the cache', async () => {
    await withStore({ cache: {} }, async ({ tickets }) => {
      const ticket = sampleTicket();
      await tickets.create(ticket, MANY, START);
      await tickets.read(ticket.key);
      await tickets.read(ticket.key, START + 1);
      await tickets.consume([ticket.key], sampleUse());
      assert.match(await server.command('INFO', 'stats'), /tracking_total_keys:0\r/);
    });
  });
});

/** Few enough at a time that buffers do not count. */
async function inTurns<T>(list: readonly T[], run: (item: T) => unknown): Promise<void> {
  for (let at = 0; at < list.length; at += 100) await Promise.all(list.slice(at, at + 100).map(run));
}

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await server.command('INFO', 'memory'))?.[1]);
}

/** The totals tell what happened since the counts are there, so they are not what it was after a loss. */
function totals({ totalCreated, totalUsed }: { readonly totalCreated: number; readonly totalUsed: number }): object {
  return { totalCreated, totalUsed };
}
