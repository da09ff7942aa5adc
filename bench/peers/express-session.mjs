/**
 * express-session as its documentation sets it up. BENCH_STORE: `memory` (its default) or `redis` (connect-redis); with
 * BENCH_TUNED=1 without a write on every answer and without node-redis's timer for each command.
 */
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { answerFor, HEADERS } from '../answer.ts';

const tuned = process.env.BENCH_TUNED === '1';
const options = { url: process.env.BENCH_REDIS, ...(tuned ? { commandOptions: { timeout: 0 } } : {}) };
const client = process.env.BENCH_STORE === 'redis' ? createClient(options) : null;
await client?.connect();

const app = express();
app.use(
  session({
    ...(client === null
      ? {}
      : { store: new RedisStore({ client, prefix: `${process.env.BENCH_PREFIX}:`, disableTouch: tuned }) }),
    secret: process.env.SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 7 * 24 * 3_600_000 },
  }),
);
app.post('/sign-in', express.json(), (request, response) => {
  request.session.userId = request.body.userId;
  response.end();
});
app.get('/me', (request, response) => {
  const { userId } = request.session;
  if (userId === undefined) return response.status(401).end();
  response.set(HEADERS).send(JSON.stringify(answerFor(userId)));
});
const server = app.listen(Number(process.env.BENCH_PORT), '127.0.0.1');
process.once('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections());
