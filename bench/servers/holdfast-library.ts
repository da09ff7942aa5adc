/** The library as an application uses it: node:http, `resolve`, the answer. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSessions } from 'holdfast';
import { nodeSessions } from 'holdfast/http/node';
import { listen, PORT, readUserId, sendAnswer } from './listen.ts';
import { inProcesses } from './processes.ts';
import { storeFromEnvironment } from './store.ts';

async function serve(): Promise<void> {
  const idleSeconds = Number(process.env.BENCH_IDLE_SECONDS ?? 0);
  const sessions = createSessions({
    store: await storeFromEnvironment(),
    secrets: process.env.SESSION_SECRET ?? '',
    policy: { maxPerUser: 1_000_000, ...(idleSeconds > 0 ? { idleSeconds } : {}) },
  });
  const http = nodeSessions(sessions, { origins: [`http://127.0.0.1:${PORT}`], insecureLoopbackCookies: true });
  const answer = http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
    if (request.method === 'POST') {
      const outcome = await auth.start({ userId: await readUserId(request) });
      if (outcome.status !== 'started') return response.writeHead(503).end();
      return response.end();
    }
    const who = await auth.resolve();
    if (who.status !== 'signed-in') return auth.problem(who);
    return sendAnswer(response, who.session.userId);
  });
  listen(createServer(answer), () => sessions.close());
}

await inProcesses(serve);
