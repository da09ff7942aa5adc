/** The application that drills run in two processes: node:http, the library, and the store that STORE names. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { createSessions, type SessionEvent } from 'holdfast';
import { nodeSessions } from 'holdfast/http/node';
import { ORIGIN } from '../visitor/site.ts';
import type { AppFigures, AppQuestion } from './app-messages.ts';
import { openStore, type StoreSpec } from './store-spec.ts';

const FAILURES_KEPT = 12;
/** Touches are written once a minute then, so that they happen during a drill. */
const IDLE_SECONDS = 1200;

let offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);
const clock = (): number => Date.now() + offsetMs;

const events: Record<string, number> = {};
const failures = new Set<string>();
const warnings: string[] = [];
let unhandledRejections = 0;
let underWay = 0;
let mostUnderWay = 0;

process.on('unhandledRejection', (error) => {
  unhandledRejections += 1;
  warnings.push(`unhandled: ${error instanceof Error ? error.stack : String(error)}`);
});
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') warnings.push(String(warning.stack));
});

function count(event: SessionEvent): void {
  const name =
    event.type === 'session-ended'
      ? `session-ended ${event.reason}`
      : event.type === 'store-failed'
        ? `store-failed ${event.operation}`
        : event.type;
  events[name] = (events[name] ?? 0) + 1;
  if (event.type === 'store-failed' && failures.size < FAILURES_KEPT) failures.add(event.detail);
}

const store = await openStore(JSON.parse(process.env.STORE ?? '') as StoreSpec, clock);
const sessions = createSessions({
  store,
  secrets: process.env.SESSION_SECRET ?? '',
  clock,
  policy: { idleSeconds: IDLE_SECONDS, absoluteSeconds: 86_400 },
  onEvent: count,
});
const http = nodeSessions(sessions, { origins: [ORIGIN] });

const server = createServer(
  http.handler(async (request: IncomingMessage, response: ServerResponse, auth) => {
    const answer = (body: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    switch (`${request.method} ${request.url}`) {
      case 'POST /sign-in': {
        const { user } = (await json(request)) as { user: string };
        const outcome = await auth.start({ userId: user });
        if (outcome.status === 'unreachable') return auth.problem(outcome);
        return outcome.status === 'started'
          ? answer({ user, session: outcome.session.id })
          : answer({ code: outcome.status }, 429);
      }
      case 'GET /me': {
        const who = await auth.resolve();
        if (who.status !== 'signed-in') return auth.problem(who);
        const { userId, id, data } = who.session;
        return answer({ user: userId, session: id, data });
      }
      case 'POST /value': {
        const { key, value } = (await json(request)) as { key: string; value: string };
        const outcome = await auth.update({ set: { [key]: value } });
        if (outcome.status === 'gone' || outcome.status === 'unreachable') return auth.problem(outcome);
        return answer({ saved: key });
      }
      case 'POST /sign-out': {
        const outcome = await auth.signOut();
        return outcome.status === 'unreachable' ? auth.problem(outcome) : answer({ ended: outcome.ended });
      }
      case 'POST /sign-out-everywhere': {
        const who = await auth.resolve();
        if (who.status !== 'signed-in') return auth.problem(who);
        const outcome = await sessions.endAll(who.session.userId, 'revoked');
        return outcome.status === 'unreachable' ? auth.problem(outcome) : answer({ ended: outcome.ended });
      }
      default:
        return answer({}, 404);
    }
  }),
);
server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
  underWay += 1;
  mostUnderWay = Math.max(mostUnderWay, underWay);
  response.once('close', () => {
    underWay -= 1;
  });
});

function figures(): AppFigures {
  const { rss, heapUsed } = process.memoryUsage();
  const most = mostUnderWay;
  mostUnderWay = underWay;
  return {
    rss,
    heapUsed,
    underWay,
    mostUnderWay: most,
    resources: process.getActiveResourcesInfo().length,
    unhandledRejections,
    warnings: warnings.slice(0, FAILURES_KEPT),
    events,
    failures: [...failures],
  };
}

process.on('message', (question: AppQuestion) => {
  if (question.ask === 'clock') {
    offsetMs = question.offsetMs;
    process.send?.({});
    return;
  }
  if (question.settled) globalThis.gc?.();
  process.send?.(figures());
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => {
  server.close(async () => {
    await sessions.close();
    process.exit(0);
  });
  server.closeAllConnections();
});

server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.({ ready: true }));
