/** express-session as its documentation sets it up. BENCH_STORE: `memory` (its default) or `redis` (connect-redis). */
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { answerFor, HEADERS } from '../answer.ts';

const client = process.env.BENCH_STORE === 'redis' ? createClient({ url: process.env.BENCH_REDIS }) : null;
await client?.connect();

const app = express();
app.use(
  session({
    ...(client === null ? {} : { store: new RedisStore({ client, prefix: 'express:' }) }),
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
