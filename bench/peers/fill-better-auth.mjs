/**
 * Fills Redis through Better Auth's own secondary storage and says what each session takes and costs there:
 * `fill-better-auth.mjs <url> <sessions>`. One session for each person; the people are in SQLite in memory.
 */
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { createClient } from 'redis';
import { emailOf, NAME } from '../answer.ts';
import { measurePhases } from '../bytes/redis-phases.ts';

const [url, count] = process.argv.slice(2);
const redis = createClient({ url });
await redis.connect();
const database = new DatabaseSync(':memory:');
const options = {
  database,
  baseURL: 'http://127.0.0.1',
  secret: 'q9Zr4nV1xKc7Lw2TbYh8Gd5Sf0JmPu3EaRiNoWvXz6s',
  telemetry: { enabled: false },
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: (key, value, ttl) => redis.set(key, value, ttl ? { EX: ttl } : {}),
    delete: async (key) => {
      await redis.del(key);
    },
  },
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
const { internalAdapter } = await auth.$context;

const people = [];
for (let i = 0; i < Number(count); i++) {
  people.push((await internalAdapter.createUser({ email: emailOf(i), name: NAME, emailVerified: false })).id);
}
const tokens = [];
const phases = await measurePhases(Number(new URL(url).port), people.length);
await phases.run('create', async (index) => {
  tokens[index] = (await internalAdapter.createSession(people[index])).token;
});
await phases.run('read', (index) => internalAdapter.findSession(tokens[index]));
await phases.run('touch', (index) => {
  const expiresAt = new Date(Date.now() + 7 * 24 * 3_600_000);
  return internalAdapter.updateSession(tokens[index], { expiresAt, updatedAt: new Date() });
});
redis.destroy();
database.close();
