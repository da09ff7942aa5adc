/** A small application on the library: sign-in without passwords, values in the session, handlers that take their time. */
import cluster from 'node:cluster';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { createSessions } from 'holdfast';
import { nodeSessions } from 'holdfast/http/node';
import { sqliteStore } from 'holdfast/stores/sqlite';

const port = Number(process.env.PORT);
const workers = Number(process.env.WORKERS ?? 1);

if (cluster.isPrimary && workers > 1) {
  for (let i = 0; i < workers; i++) cluster.fork();
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  });
  // A process that may not start ends the application: the others would be refused for the same reason.
  cluster.on('exit', (_worker, status) => {
    if (status !== 0) process.exit(status);
  });
} else {
  await serve();
}

async function serve(): Promise<void> {
  const sessions = createSessions({
    store: sqliteStore({ directory: process.env.DATA_DIR ?? './data' }),
    secrets: process.env.SESSION_SECRET ?? '',
  });
  const report = await sessions.checkKeys(`${hostname()}:${process.pid}`);
  if (report.status !== 'unreachable' && report.missing.length > 0) {
    const people = report.missing.reduce((sum, each) => sum + each.sessions, 0);
    process.stderr.write(`${people} sessions need a key that is missing: put the old one behind the new one\n`);
    process.exit(78);
  }
  const http = nodeSessions(sessions, { origins: ['https://app.example.test', `http://localhost:${port}`] });

  const server = createServer(
    http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
      const url = new URL(request.url ?? '/', 'http://app');
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      switch (`${request.method} ${url.pathname}`) {
        case 'GET /ready':
          return answer(200, { ready: true });
        case 'POST /sign-in': {
          const { user } = (await json(request)) as { user: string };
          const outcome = await auth.start({ userId: user });
          if (outcome.status === 'unreachable') return auth.problem(outcome);
          return outcome.status === 'started' ? answer(200, { user }) : answer(429, { code: outcome.status });
        }
        case 'GET /me': {
          const who = await auth.resolve();
          return who.status === 'signed-in' ? answer(200, { user: who.session.userId }) : auth.problem(who);
        }
        case 'GET /value': {
          const who = await auth.resolve();
          if (who.status !== 'signed-in') return auth.problem(who);
          return answer(200, { value: who.session.data[url.searchParams.get('key') ?? ''] ?? null });
        }
        case 'POST /value': {
          const { key, value, takesMs } = (await json(request)) as { key: string; value: string; takesMs: number };
          const who = await auth.resolve();
          if (who.status !== 'signed-in') return auth.problem(who);
          await pause(takesMs);
          const outcome = await auth.update({ set: { [key]: value } });
          if (outcome.status === 'gone' || outcome.status === 'unreachable') return auth.problem(outcome);
          return answer(200, { saved: key });
        }
        case 'POST /value-then-redirect': {
          const { key, value } = (await json(request)) as { key: string; value: string };
          // Not waited for, as one forgets to: the answer must not outrun it all the same.
          void auth.update({ set: { [key]: value } });
          return response.writeHead(303, { location: `/value?key=${encodeURIComponent(key)}` }).end('See there.');
        }
        case 'POST /sign-out': {
          const outcome = await auth.signOut();
          return outcome.status === 'unreachable' ? auth.problem(outcome) : answer(200, { signedOut: true });
        }
        case 'POST /sign-out-everywhere': {
          const who = await auth.resolve();
          if (who.status !== 'signed-in') return auth.problem(who);
          const outcome = await sessions.endAll(who.session.userId, 'revoked');
          return outcome.status === 'unreachable' ? auth.problem(outcome) : answer(200, { ended: outcome.ended });
        }
        default:
          return response.writeHead(404).end();
      }
    }),
  );

  server.listen(port, '127.0.0.1');
  process.once('SIGTERM', () => {
    server.close(async () => {
      await sessions.close();
      process.exit(0);
    });
  });
}
