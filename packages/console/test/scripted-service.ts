/** A real HTTP server whose answers the test decides, and a clock that only the test moves. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, createService } from '../src/service.ts';
import { createSession, type News, type Session, type SessionState } from '../src/session.ts';
import type { Timers } from '../src/timers.ts';

/** A request that waits for its answer. */
export interface Pending {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
  answer(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Cuts the connection, as a network that fails does. */
  cut(): void;
}

export interface ScriptedService extends AsyncDisposable {
  readonly origin: string;
  /** The next request, now or when it comes. */
  next(): Promise<Pending>;
}

export async function startScriptedService(): Promise<ScriptedService> {
  const arrived: Pending[] = [];
  const wanted: ((pending: Pending) => void)[] = [];
  const server = createServer((request, response) => {
    void toPending(request, response).then((pending) => {
      const taker = wanted.shift();
      if (taker === undefined) arrived.push(pending);
      else taker(pending);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => {
      const pending = arrived.shift();
      return pending === undefined ? new Promise((resolve) => wanted.push(resolve)) : Promise.resolve(pending);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function toPending(request: IncomingMessage, response: ServerResponse): Promise<Pending> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    body,
    contentType: request.headers['content-type'] ?? '',
    answer(status, answer, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
    cut: () => request.socket.destroy(),
  };
}

export interface TestClock extends Timers {
  /** Moves the time on, and runs what has become due. */
  advance(milliseconds: number): void;
  /** Milliseconds until the next timer that is no request's deadline; null without one. */
  nextIn(): number | null;
}

/** Deadlines are told from other timers by their length. */
const DEADLINE_SECONDS = 1000;

function createTestClock(start: number = Date.UTC(2026, 0, 1)): TestClock {
  let now = start;
  const timers = new Map<symbol, { at: number; run: () => void }>();
  return {
    now: () => now,
    after(milliseconds, run) {
      const id = Symbol('timer');
      timers.set(id, { at: now + milliseconds, run });
      return () => timers.delete(id);
    },
    advance(milliseconds) {
      now += milliseconds;
      for (const [id, timer] of timers) {
        if (timer.at > now) continue;
        timers.delete(id);
        timer.run();
      }
    },
    nextIn() {
      const waits = [...timers.values()].map((timer) => timer.at - now).filter((wait) => wait < 500_000);
      return waits.length === 0 ? null : Math.min(...waits);
    },
  };
}

export interface Tab {
  readonly session: Session;
  readonly clock: TestClock;
  readonly told: News[];
  /** What became of each request, in the order they were sent; awaited after the session has dealt with it. */
  readonly answers: Promise<Answer>[];
  /** Every state so far, the first included. */
  readonly states: SessionState[];
  /** Waits until the session is in that state. */
  reaches(status: SessionState['status']): Promise<SessionState>;
  /** Waits for the next change of state. */
  changes(): Promise<SessionState>;
}

export function openTab(service: ScriptedService, random: () => number = () => 0): Tab {
  const clock = createTestClock();
  const told: News[] = [];
  const answers: Promise<Answer>[] = [];
  const overHttp = createService({
    send: (path, init) => fetch(service.origin + path, init),
    timers: clock,
    deadlineSeconds: DEADLINE_SECONDS,
  });
  const session = createSession({
    service: {
      ask(...request) {
        const answer = overHttp.ask(...request);
        answers.push(answer);
        return answer;
      },
    },
    timers: clock,
    random,
    tell: (news) => told.push(news),
  });
  const states: SessionState[] = [session.current()];
  session.subscribe(() => states.push(session.current()));
  const until = (holds: () => boolean): Promise<SessionState> =>
    new Promise((resolve) => {
      const stop = session.subscribe(() => {
        if (!holds()) return;
        stop();
        resolve(session.current());
      });
    });
  return {
    session,
    clock,
    told,
    answers,
    states,
    reaches: (status) =>
      session.current().status === status
        ? Promise.resolve(session.current())
        : until(() => session.current().status === status),
    changes: () => until(() => true),
  };
}

export const MARIE = {
  user: { id: 'u1', email: 'marie@example.com', name: 'Marie' },
  session: {
    id: 's1',
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-04-01T00:00:00.000Z',
    idle_expires_at: '2026-01-15T00:00:00.000Z',
  },
};
export const VALID = { valid: true, ...MARIE, now: '2026-01-01T00:00:05.000Z' };
