/** @fastify/session on Redis: as documented, and with BENCH_TUNED=1 without a cookie, a write and a timer on every answer. */
import cookie from '@fastify/cookie';
import session from '@fastify/session';
import { RedisStore } from 'connect-redis';
import { fastify } from 'fastify';
import { createClient } from 'redis';
import { answerFor, HEADERS } from '../answer.ts';

const tuned = process.env.BENCH_TUNED === '1';
const client = createClient({
  url: process.env.BENCH_REDIS,
  ...(tuned ? { commandOptions: { timeout: 0 } } : {}),
});
await client.connect();

const app = fastify();
app.register(cookie);
app.register(session, {
  secret: process.env.SESSION_SECRET,
  store: new RedisStore({ client, prefix: `${process.env.BENCH_PREFIX}:`, disableTouch: tuned }),
  cookie: { secure: false, maxAge: 7 * 24 * 3_600_000 },
  ...(tuned ? { rolling: false, saveUninitialized: false } : {}),
});
app.after(() => {
  app.post('/sign-in', async (request) => {
    request.session.userId = request.body.userId;
    return {};
  });
  app.get('/me', async (request, reply) => {
    const { userId } = request.session;
    if (userId === undefined) return reply.code(401).send();
    reply.headers(HEADERS);
    return answerFor(userId);
  });
});
await app.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' });
process.once('SIGTERM', () => process.exit(0));
