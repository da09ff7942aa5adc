/** The log: JSON lines, one per request and one per end of a session; no token, cookie, password, query or address of mail. */
import type { SessionEvent } from 'holdfast';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { App } from '../app-type.ts';
import type { LogLevel } from '../config/config.ts';

/** A logger on standard output, or on the given stream. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = { level, base: { pid: process.pid } };
  return destination === undefined ? pino(options) : pino(options, destination);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked so often that it is logged at `debug` only. */
    quiet?: boolean;
  }
}

/** One line per answered request. The route's pattern stands for the address, so that no id or query gets into the log. */
export function logRequests(app: App, log: Logger): void {
  app.addHook('onRoute', (route) => {
    const level = route.config?.quiet === true ? 'debug' : 'info';
    // Decided once: a hook that finds its level off would still be paid for by every request.
    if (!log.isLevelEnabled(level)) return;
    const line = (
      request: { id: string; method: string },
      reply: { statusCode: number; elapsedTime: number },
    ): void => {
      const ms = Math.round(reply.elapsedTime * 10) / 10;
      log[level](
        { requestId: request.id, method: request.method, route: route.url, status: reply.statusCode, ms },
        'request',
      );
    };
    const before = route.onResponse ?? [];
    route.onResponse = [
      ...(Array.isArray(before) ? before : [before]),
      (request, reply, done) => {
        line(request, reply);
        done();
      },
    ];
  });
}

/** Logs what the engine tells. */
export function logSessionEvent(log: Logger, event: SessionEvent): void {
  const { type, ...facts } = event;
  const [level, message] = LINES[type];
  log[level]({ event: type, ...facts }, message);
}

const LINES: Readonly<Record<SessionEvent['type'], readonly ['debug' | 'info' | 'warn' | 'error', string]>> = {
  'session-started': ['debug', 'a session started'],
  'session-ended': ['info', 'a session ended'],
  'session-refreshed': ['debug', 'a session was refreshed'],
  'session-id-rotated': ['debug', 'a session got a new id'],
  'store-regressed': ['warn', 'the session store has lost acknowledged writes'],
  'refresh-hammering': ['warn', 'one generation of a refresh token is asked for again and again'],
  'conflicting-users': ['warn', 'valid tokens of different users came in one request; it was refused'],
  'undecodable-record': ['error', 'a stored session cannot be read'],
  'store-failed': ['error', 'the session store failed'],
};
