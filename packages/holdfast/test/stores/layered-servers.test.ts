/** The layered store keeps the contract with a real Redis in front, over SQLite and over PostgreSQL. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before } from 'node:test';
import { type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import type { Clock } from '../../src/core/crypto.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { storeConformance, storeTorture, storeTransfer, type TransferHarness } from '../../src/testing/index.ts';
import { layeredHandles } from './layered-handles.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

let redis: RedisServer;
let postgres: PostgresServer;
before(async () => {
  redis = await startRedis();
  postgres = await startPostgres();
});
after(async () => {
  await redis.stop();
  await postgres.stop();
});

const front = (namespace: string, clock: Clock) =>
  redisStore({ url: redis.url, prefix: `front-${namespace}`, clock, cache: false });

let directory = '';
const overSqlite = layeredHandles({
  front,
  back(clock: Clock, isFirst) {
    if (isFirst) directory = temporaryDirectory();
    return sqliteStore({ directory, clock });
  },
  async forget() {
    rmSync(directory, { recursive: true, force: true });
    await redis.command('FLUSHALL');
  },
  async corrupt(id) {
    const db = new DatabaseSync(join(directory, 'sessions.db'));
    db.prepare('UPDATE sessions SET format = 99 WHERE id = ?').run(id);
    db.close();
    await redis.command('FLUSHALL');
  },
});

let databases = 0;
let url = '';
const overPostgres = layeredHandles({
  front,
  async back(clock: Clock, isFirst) {
    if (isFirst) url = await postgres.createDatabase(`layered${++databases}`);
    return postgresStore({ url, clock, cache: false, maxConnections: 4 });
  },
  async forget() {
    await redis.command('FLUSHALL');
  },
  async corrupt(id) {
    await postgres.sql(`UPDATE holdfast.sessions SET format = 99 WHERE id = '${id}'`, `layered${databases}`);
    await redis.command('FLUSHALL');
  },
});

const suites: Record<string, TransferHarness> = { SQLite: overSqlite, PostgreSQL: overPostgres };
for (const [name, harness] of Object.entries(suites)) {
  storeConformance(`layered store, Redis over ${name}: conformance`, harness);
  storeTransfer(`layered store, Redis over ${name}: transfer`, harness);
  storeTorture(`layered store, Redis over ${name}: torture`, harness, { rounds: 100, contests: 10 });
}
