/** One of any number of processes that share their sessions: node:http on Redis, with PostgreSQL behind it if there is one. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createSessions, type Store } from 'holdfast';
import { nodeSessions } from 'holdfast/http/node';
import { layeredStore } from 'holdfast/stores/layered';
import { postgresStore } from 'holdfast/stores/postgres';
import { redisStore } from 'holdfast/stores/redis';

const port = Number(process.env.PORT ?? 3000);
const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const databaseUrl = process.env.DATABASE_URL;

async function openStore(): Promise<Store> {
  if (databaseUrl === undefined) return redisStore({ url: redisUrl });
  return layeredStore({
    front: (namespace) => redisStore({ url: redisUrl, prefix: namespace }),
    // The front remembers; the back is asked when its word is wanted.
    back: await postgresStore({ url: databaseUrl, cache: false }),
  });
}

const store = await openStore();
for (const { severity, message, fix } of (await store.inspect?.()) ?? []) {
  process.stderr.write(`${severity}: ${message}\n  fix: ${fix}\n`);
}
// The same secrets in every process, or each signs the others' people out.
const sessions = createSessions({ store, secrets: process.env.SESSION_SECRET ?? '' });
const http = nodeSessions(sessions, { origins: [`http://localhost:${port}`], insecureLoopbackCookies: true });

const server = createServer(
  http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
    switch (`${request.method} ${request.url}`) {
      case 'POST /sign-in': {
        const { name } = (await json(request)) as { name: string };
        const outcome = await auth.start({ userId: name });
        if (outcome.status === 'unreachable') return auth.problem(outcome);
        response.writeHead(201, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ hello: name }));
      }
      case 'POST /sign-out': {
        const outcome = await auth.signOut();
        if (outcome.status === 'unreachable') return auth.problem(outcome);
        return response.writeHead(204).end();
      }
      case 'GET /me': {
        const who = await auth.resolve();
        if (who.status !== 'signed-in') return auth.problem(who);
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ userId: who.session.userId, answeredBy: process.pid }));
      }
      default:
        return response.writeHead(404).end('Nothing here\n');
    }
  }),
);

server.listen(port, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://localhost:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => server.close(() => sessions.close()));
