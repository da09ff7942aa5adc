/** The limit of the framework: Fastify that sends the answer, serialised by a schema, and asks nobody. */
import { fastify } from 'fastify';
import { answerFor, HEADERS, userIdOf } from '../answer.ts';
import { ANSWER_SCHEMA } from './answer-schema.ts';
import { PORT } from './listen.ts';

const USER_ID = userIdOf(1);

const app = fastify();
app.post('/unified-auth/validate', { schema: ANSWER_SCHEMA }, async (_request, reply) => {
  reply.headers(HEADERS);
  return answerFor(USER_ID);
});
app.get('/me', async () => ({}));
await app.listen({ port: PORT, host: '127.0.0.1' });
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
