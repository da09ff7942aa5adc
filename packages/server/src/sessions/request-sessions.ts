/** Puts the session exchange into Fastify: one per request, made when first asked for; its cookies leave with the headers. */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Device } from 'holdfast';
import type { CsrfVerdict, Exchange, HttpSessions, RequestFacts, ResponseFacts } from 'holdfast/http';
import { REASON_HEADER } from 'holdfast/protocol';
import { bearsApiKey } from '../api-keys/require-api-key.ts';
import type { App } from '../app-type.ts';
import { ProblemError } from '../ops/problem-error.ts';

const EXCHANGE = Symbol('exchange');

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Back ends may ask with an API key: no browser sends one by itself, so there is nothing to guard. The route looks at
     * the key, and at no cookie of such a request.
     */
    apiKeys?: boolean;
  }

  interface FastifyRequest {
    /** This request's view of its session. */
    readonly exchange: Exchange;
    [EXCHANGE]: Exchange | null;
  }
}

/** The longest User-Agent that is kept with a session. */
const USER_AGENT_MAX = 256;

/** Routes registered on `scope` afterwards have `request.exchange`, and refuse unsafe requests from foreign pages. */
export function useSessions(scope: App, http: HttpSessions): void {
  scope.decorateRequest(EXCHANGE, null);
  scope.decorateRequest('exchange', {
    getter(this: FastifyRequest): Exchange {
      this[EXCHANGE] ??= http.exchange(new NodeRequestFacts(this.raw));
      return this[EXCHANGE];
    },
  });

  scope.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.apiKeys === true && bearsApiKey(request)) return done();
    const { method } = request.raw;
    const safe = method === 'GET' || method === 'HEAD';
    const verdict = safe ? decideEmbedding(request) : request.exchange.csrf();
    if (verdict.allowed) done();
    else done(foreignPage(verdict.detail));
  });

  scope.addHook('onSend', (request, reply, payload, done) => {
    const exchange = request[EXCHANGE];
    if (exchange === null) return done(null, payload);
    const immediate = exchange.immediateFacts();
    if (immediate !== null) {
      addFacts(reply, immediate);
      return done(null, payload);
    }
    exchange.responseFacts().then(
      (facts) => {
        addFacts(reply, facts);
        done(null, payload);
      },
      (error: Error) => done(error),
    );
  });
}

/** The 403 for a page that may not send a request. */
export function foreignPage(detail: string): ProblemError {
  return new ProblemError('forbidden-origin', { detail }, { vary: 'Sec-Fetch-Site, Origin' });
}

/** Whether a request may do what an unsafe one could, though its method is safe. */
export function decideAsUnsafe(request: FastifyRequest, http: HttpSessions): CsrfVerdict {
  const facts = new NodeRequestFacts(request.raw);
  return http.exchange({ method: 'POST', header: (name) => facts.header(name) }).csrf();
}

function addFacts(reply: FastifyReply, { headers, setCookie }: ResponseFacts): void {
  for (const name in headers) {
    // An answer that names its reason knows better: a 503 to a sign-in is not "no token".
    if (name !== REASON_HEADER || !reply.hasHeader(name)) reply.header(name, headers[name]);
  }
  // A 503 leaves the cookies as they are, whatever was found out before the failure. Fastify keeps several apart.
  if (reply.statusCode !== 503) for (const cookie of setCookie) reply.header('set-cookie', cookie);
}

/** A foreign page that asks for an answer as if it were a script or an image could only be after its side effects. */
function decideEmbedding({ headers }: FastifyRequest): CsrfVerdict {
  if (headers['sec-fetch-mode'] !== 'no-cors' || headers['sec-fetch-site'] !== 'cross-site') return { allowed: true };
  return { allowed: false, detail: 'This answer cannot be embedded in pages of other sites.' };
}

/** From where a session is started. */
export function deviceOf(request: FastifyRequest): Device {
  const userAgent = request.headers['user-agent']?.slice(0, USER_AGENT_MAX);
  return { ip: request.ip, ...(userAgent === undefined ? {} : { userAgent }) };
}

/** Node already joins several Cookie lines with `; ` and gives names in lower case. */
class NodeRequestFacts implements RequestFacts {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get method(): string {
    return this.#request.method ?? 'GET';
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === 'object' ? value.join(', ') : value;
  }
}
