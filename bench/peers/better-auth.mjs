/**
 * Better Auth on SQLite; at /me it answers from `api.getSession` in process. BENCH_STORE=redis keeps its sessions in Redis
 * (`secondaryStorage`), BENCH_STORE=cookie-cache a copy in a signed cookie.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node';
import { createClient } from 'redis';
import { DIRECTORY, listen, PORT, sendAnswer } from '../servers/listen.ts';

const database = new DatabaseSync(join(DIRECTORY, 'better-auth.db'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');

async function redisStorage() {
  const redis = createClient({ url: process.env.BENCH_REDIS });
  await redis.connect();
  const prefix = `${process.env.BENCH_PREFIX}:`;
  return {
    get: (key) => redis.get(prefix + key),
    set: (key, value, ttl) => redis.set(prefix + key, value, ttl ? { EX: ttl } : {}),
    delete: async (key) => {
      await redis.del(prefix + key);
    },
  };
}

const kept = {
  redis: async () => ({ secondaryStorage: await redisStorage() }),
  'cookie-cache': async () => ({ session: { cookieCache: { enabled: true, maxAge: 5 * 60 } } }),
};
const origin = `http://127.0.0.1:${PORT}`;
const options = {
  ...(await kept[process.env.BENCH_STORE]?.()),
  database,
  baseURL: origin,
  secret: process.env.SESSION_SECRET,
  emailAndPassword: { enabled: true },
  // It would answer 429 after a hundred requests.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
};
const auth = betterAuth(options);
await (await getMigrations(options)).runMigrations();
const handler = toNodeHandler(auth);

async function answerInProcess(request, response) {
  const found = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
  // Its ids have 32 characters; the answer is to be of one size.
  if (found === null) response.writeHead(401).end();
  else sendAnswer(response, found.user.id.slice(0, 22));
}

listen(
  createServer((request, response) => {
    if (request.url === '/me') void answerInProcess(request, response);
    else void handler(request, response);
  }),
);
