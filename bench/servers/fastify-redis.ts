/** The floor of a framework with a remote store: Fastify, a hook that asks Redis whose request it is, and the answer. */
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { answerFor, HEADERS } from '../answer.ts';
import { ANSWER_SCHEMA } from './answer-schema.ts';
import { closeLean, findLean, startLean } from './lean-redis.ts';
import { PORT } from './listen.ts';
import { plainCookies, plainIdOf } from './plain-cookie.ts';

declare module 'fastify' {
  interface FastifyRequest {
    userId: string;
  }
}

const app = fastify();
app.decorateRequest('userId', '');
app.post('/sign-in', async (request, reply) => {
  const { userId } = request.body as { userId: string };
  reply.header('set-cookie', plainCookies(await startLean(userId)));
  return {};
});

/** With a callback, so that what is known already costs no promise. */
function askWho(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
  const go = (userId: string | null): void => {
    if (userId === null) {
      void reply.code(401).send();
      return;
    }
    request.userId = userId;
    next();
  };
  const found = findLean(plainIdOf(request));
  if (found instanceof Promise) void found.then(go);
  else go(found);
}

app.get('/me', { schema: ANSWER_SCHEMA, onRequest: askWho }, (request, reply) => {
  void reply.headers(HEADERS).send(answerFor(request.userId));
});
await app.listen({ port: PORT, host: '127.0.0.1' });
process.once('SIGTERM', () => {
  closeLean();
  void app.close().then(() => process.exit(0));
});
