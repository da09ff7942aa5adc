/** The limit of the framework: Fastify that sends the answer, serialised by a schema, and asks nobody. */
import { fastify } from 'fastify';
import { answerFor, HEADERS, userIdOf } from '../answer.ts';
import { PORT } from './listen.ts';

const USER_ID = userIdOf(1);
const text = { type: 'string' };
const fields = (...names: string[]) => Object.fromEntries(names.map((name) => [name, text]));
const schema = {
  response: {
    200: {
      type: 'object',
      properties: {
        valid: { type: 'boolean' },
        user: { type: 'object', properties: fields('id', 'email', 'name') },
        session: {
          type: 'object',
          properties: {
            ...fields('id', 'created_at', 'expires_at', 'idle_expires_at', 'authenticated_at'),
            amr: { type: 'array', items: text },
          },
        },
        now: text,
      },
    },
  },
};

const app = fastify();
app.post('/unified-auth/validate', { schema }, async (_request, reply) => {
  reply.headers(HEADERS);
  return answerFor(USER_ID);
});
app.get('/me', async () => ({}));
await app.listen({ port: PORT, host: '127.0.0.1' });
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
