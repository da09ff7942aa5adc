/** The smallest server with sessions that survive: node:http, one SQLite file, three routes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createSessions } from 'holdfast';
import { nodeSessions } from 'holdfast/http/node';
import { sqliteStore } from 'holdfast/stores/sqlite';

const port = Number(process.env.PORT ?? 3000);
const sessions = createSessions({
  store: sqliteStore({ directory: process.env.DATA_DIR ?? './data' }),
  // Never a fallback here: a key that is made up at each start signs everybody out at each start.
  secrets: process.env.SESSION_SECRET ?? '',
});
const http = nodeSessions(sessions, {
  origins: [`http://localhost:${port}`],
  // Cookies without Secure are for plain http on this machine; leave the option out behind https.
  insecureLoopbackCookies: true,
});

const server = createServer(
  http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
    switch (`${request.method} ${request.url}`) {
      case 'POST /sign-in': {
        const { name } = (await json(request)) as { name: string };
        // Check a password here. The engine only remembers who it was.
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
        const { userId, createdAt } = who.session;
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ userId, since: new Date(createdAt).toISOString() }));
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
