/** A page without a build: the library's sessions, one HTML file, and the client as the modules that it consists of. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createSessions, type UserSession } from 'holdfast';
import { validateAnswer } from 'holdfast/http';
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

/** What pages are told of a person. An application looks them up; here the name is all there is. */
const userOf = ({ userId }: UserSession) => ({ id: userId, name: userId });

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript'],
  '/page.css': ['../public/page.css', 'text/css'],
};

/** Where the client's modules are: sources inside of this repository, compiled ones in the published package. */
const CLIENT = new URL('.', import.meta.resolve('holdfast/client'));

function sendFile(path: string, response: ServerResponse): void {
  const [file, type] = FILES[path] ?? [];
  const module = /^\/holdfast\/([a-z-]+)(\.js)$/.exec(path)?.[1];
  if (file !== undefined && type !== undefined) {
    response.setHeader('content-type', type).end(readFileSync(new URL(file, import.meta.url)));
  } else if (module !== undefined) {
    response.setHeader('content-type', 'text/javascript').end(readModule(module));
  } else response.writeHead(404).end('Nothing here\n');
}

/** A published package has JavaScript, which is served as it is. */
function readModule(name: string): string {
  if (!import.meta.resolve('holdfast/client').endsWith('.ts'))
    return readFileSync(new URL(`${name}.js`, CLIENT), 'utf8');
  const source = stripTypeScriptTypes(readFileSync(new URL(`${name}.ts`, CLIENT), 'utf8'));
  return source.replace(/(from '\.\/[a-z-]+)\.ts'/g, "$1.js'");
}

const server = createServer(
  http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
    switch (`${request.method} ${request.url}`) {
      case 'POST /unified-auth/validate':
        return auth.validate(userOf);
      case 'POST /auth/sign-in': {
        const { name } = (await json(request)) as { name: string };
        // Check a password here. The engine only remembers who it was.
        const outcome = await auth.start({ userId: name });
        if (outcome.status === 'unreachable') return auth.problem(outcome);
        if (outcome.status === 'limit-reached') return response.writeHead(429).end();
        const { session, grant } = outcome;
        // The same that the question would be answered, so that the client need not ask it.
        const answer = validateAnswer({ status: 'signed-in', session, grant }, userOf(session));
        return response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      }
      case 'POST /auth/sign-out': {
        const outcome = await auth.signOut();
        return outcome.status === 'unreachable' ? auth.problem(outcome) : response.writeHead(204).end();
      }
      default:
        return sendFile(request.url ?? '/', response);
    }
  }),
);

server.listen(port, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://localhost:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => {
  server.close(() => sessions.close());
  server.closeIdleConnections();
});
