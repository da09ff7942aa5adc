/** @fastify/session as its README sets it up, on Redis through connect-redis. */
import { setTimeout as pause } from 'node:timers/promises';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { RedisStore } from 'connect-redis';
import fastify from 'fastify';
import { createClient } from 'redis';
import { keyRing, serve } from './serve.mjs';

await serve(async () => {
  const app = fastify({ trustProxy: true });
  const client = createClient({ url: process.env.REDIS_URL });
  client.on('error', (error) => console.error(error.message));
  await client.connect();
  app.get('/ready', async () => ({ ready: true }));
  await app.register(async (scope) => {
    await scope.register(fastifyCookie);
    await scope.register(fastifySession, { secret: keyRing(), store: new RedisStore({ client }) });
    scope.post('/sign-in', async (request) => {
      await request.session.regenerate();
      request.session.user = request.body.user;
      return { user: request.body.user };
    });
    scope.post('/sign-out', async (request) => {
      await request.session.destroy();
      return { signedOut: true };
    });
    const known = async (request, reply) => {
      if (!request.session.user) return reply.code(401).send({ error: 'not signed in' });
    };
    scope.get('/me', { preHandler: known }, async (request) => ({ user: request.session.user }));
    scope.get('/value', { preHandler: known }, async (request) => ({
      value: request.session[`v:${request.query.key}`] ?? null,
    }));
    scope.post('/value', { preHandler: known }, async (request) => {
      await pause(request.body.takesMs);
      request.session[`v:${request.body.key}`] = request.body.value;
      return { saved: true };
    });
    scope.post('/value-then-redirect', { preHandler: known }, async (request, reply) => {
      request.session[`v:${request.body.key}`] = request.body.value;
      return reply.redirect(`/value?key=${encodeURIComponent(request.body.key)}`, 303);
    });
  });
  await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
  process.once('SIGTERM', () => process.exit(0));
});
