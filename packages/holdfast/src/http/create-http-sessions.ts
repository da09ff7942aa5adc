/** Ties the engine to HTTP: resolves the options once and hands out one exchange per request. */
import type { Sessions } from '../core/sessions.ts';
import { resolveCookieSet } from './cookie-set.ts';
import type { Exchange, HttpOptions, HttpSessions, RequestFacts } from './exchange.ts';
import { RequestExchange } from './request-exchange.ts';

/** Throws one `invalid-option` that names every option that cannot work. */
export function createHttpSessions(sessions: Sessions, options: HttpOptions): HttpSessions {
  const cookies = resolveCookieSet(options);
  return Object.freeze({
    sessions,
    exchange: (request: RequestFacts): Exchange => new RequestExchange(sessions, cookies, request),
  });
}
