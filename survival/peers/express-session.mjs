/** express-session as its README sets it up; with REDIS_URL on connect-redis, otherwise on its MemoryStore. */
import { setTimeout as pause } from 'node:timers/promises';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { keyRing, serve } from './serve.mjs';

await serve(async () => {
  const app = express();
  app.get('/ready', (_request, response) => response.json({ ready: true }));
  app.set('trust proxy', 1);
  app.use(express.json());
  let store;
  if (process.env.REDIS_URL) {
    const client = createClient({ url: process.env.REDIS_URL });
    client.on('error', (error) => console.error(error.message));
    await client.connect();
    store = new RedisStore({ client });
  }
  app.use(session({ secret: keyRing(), resave: false, saveUninitialized: false, ...(store ? { store } : {}) }));

  app.post('/sign-in', (request, response, next) => {
    // As the README's "User login" has it.
    request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.user = request.body.user;
      request.session.save((failure) => (failure ? next(failure) : response.json({ user: request.body.user })));
    });
  });
  app.post('/sign-out', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.json({ signedOut: true })));
  });
  app.use((request, response, next) => {
    if (request.session.user) next();
    else response.status(401).json({ error: 'not signed in' });
  });
  app.get('/me', (request, response) => response.json({ user: request.session.user }));
  app.get('/value', (request, response) => response.json({ value: request.session[`v:${request.query.key}`] ?? null }));
  app.post('/value', async (request, response) => {
    await pause(request.body.takesMs);
    request.session[`v:${request.body.key}`] = request.body.value;
    response.json({ saved: true });
  });
  app.post('/value-then-redirect', (request, response) => {
    request.session[`v:${request.body.key}`] = request.body.value;
    response.redirect(303, `/value?key=${encodeURIComponent(request.body.key)}`);
  });
  app.listen(Number(process.env.PORT), '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
});
