/** @fastify/secure-session: stateless, the session is sealed into the cookie. */
import { createHash } from 'node:crypto';
import session from '@fastify/secure-session';
import { fastify } from 'fastify';
import { answerFor, HEADERS } from '../answer.ts';

const app = fastify();
app.register(session, { key: createHash('sha256').update(process.env.SESSION_SECRET).digest(), cookie: { path: '/' } });
app.after(() => {
  app.post('/sign-in', async (request) => {
    request.session.set('userId', request.body.userId);
    return {};
  });
  app.get('/me', async (request, reply) => {
    const userId = request.session.get('userId');
    if (userId === undefined) return reply.code(401).send();
    reply.headers(HEADERS);
    return answerFor(userId);
  });
});
await app.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' });
process.once('SIGTERM', () => process.exit(0));
