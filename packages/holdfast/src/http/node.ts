/** The binding for node:http and node:http2, and for whatever hands out their requests and responses (Express, Connect). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sessions } from '../core/sessions.ts';
import { REASON_HEADER } from '../protocol/names.ts';
import { type CookieSet, resolveCookieSet } from './cookie-set.ts';
import type { Exchange, HttpOptions, RequestFacts } from './exchange.ts';
import { holdAnswer } from './held-answer.ts';
import type { NodeRequest, NodeResponse } from './node-messages.ts';
import { belongsToAnswer, failureRefusal, type Refusable, type Refusal, refusalOf } from './refusal.ts';
import { RequestExchange } from './request-exchange.ts';
import { decideValidate, type UserOf } from './validate-answer.ts';

/**
 * An exchange whose answer needs no further call: what the session adds leaves with the response's headers, whatever
 * sends them (`writeHead`, `write`, `end`, `pipe`, `flushHeaders`), and these wait until everything is stored. When that
 * failed unseen, a 503 problem takes the answer's place.
 */
export interface NodeExchange extends Exchange {
  /** Ends the response with the error answer for a request that is not signed in (401), unanswerable (503) or foreign (403). */
  problem(why: Refusable): void;
  /**
   * Ends the response with the answer to a front end's one question, `POST` or `GET /unified-auth/validate`: 200 with who
   * is signed in or why nobody is, 503 in an outage. Rejects with what `userOf` threw.
   */
  validate<U extends { readonly id: string }>(userOf: UserOf<U>): Promise<void>;
}

export type { NodeRequest, NodeResponse } from './node-messages.ts';

/** Serves one request with its session at hand. */
export type NodeHandler<Q extends NodeRequest, S extends NodeResponse> = (
  request: Q,
  response: S,
  auth: NodeExchange,
) => unknown;

/** The engine over Node's servers. */
export interface NodeSessions {
  readonly sessions: Sessions;
  /** The exchange of a request; the same one however often it is asked for. Call it before the headers are sent. */
  from(request: NodeRequest, response: NodeResponse): NodeExchange;
  /**
   * A request listener that answers 403 to unsafe requests from foreign pages. What `serve` throws is answered with a
   * 500 problem where the headers have not left, and reported as a process warning.
   */
  handler<Q extends NodeRequest = IncomingMessage, S extends NodeResponse = ServerResponse>(
    serve: NodeHandler<Q, S>,
  ): (request: Q, response: S) => void;
}

/**
 * ```ts
 * const http = nodeSessions(createSessions({ store, secrets }), { origins: ['https://app.example'] });
 * createServer(http.handler(async (request, response, auth) => {
 *   const who = await auth.resolve();
 *   if (who.status !== 'signed-in') return auth.problem(who);
 *   response.end(`Hello ${who.session.userId}`);
 * }));
 * ```
 * Throws one `invalid-option` that names every option that cannot work.
 */
export function nodeSessions(sessions: Sessions, options: HttpOptions): NodeSessions {
  const cookies = resolveCookieSet(options);
  // A property of the response, because a WeakMap of a busy server's responses keeps the garbage collector busy as well.
  const key = Symbol('exchange');

  const from = (request: NodeRequest, response: NodeResponse): NodeExchange => {
    const keeper = response as NodeResponse & { [key]?: NodeExchange };
    let exchange = keeper[key];
    if (exchange === undefined) {
      const made = new ListenerExchange(sessions, cookies, factsOf(request), response);
      holdAnswer(response, made, request.httpVersionMajor);
      keeper[key] = made;
      exchange = made;
    }
    return exchange;
  };

  return Object.freeze({
    sessions,
    from,
    handler<Q extends NodeRequest, S extends NodeResponse>(serve: NodeHandler<Q, S>) {
      return (request: Q, response: S): void => {
        const auth = from(request, response);
        const verdict = auth.csrf();
        if (!verdict.allowed) {
          auth.problem(verdict);
          return;
        }
        void run(() => serve(request, response, auth), response);
      };
    },
  });
}

class ListenerExchange extends RequestExchange implements NodeExchange {
  readonly #sessions: Sessions;
  readonly #response: NodeResponse;

  constructor(sessions: Sessions, cookies: CookieSet, request: RequestFacts, response: NodeResponse) {
    super(sessions, cookies, request);
    this.#sessions = sessions;
    this.#response = response;
  }

  problem(why: Refusable): void {
    if ('status' in why && why.status === 'unreachable') this.tellOutage();
    send(this.#response, refusalOf(why));
  }

  async validate<U extends { readonly id: string }>(userOf: UserOf<U>): Promise<void> {
    const answer = await decideValidate(this, this.#sessions, userOf);
    if ('status' in answer) return this.problem(answer);
    const reason: Record<string, string> = answer.valid ? {} : { [REASON_HEADER]: answer.reason };
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...reason };
    send(this.#response, { status: 200, headers, document: answer });
  }
}

async function run(serve: () => unknown, response: NodeResponse): Promise<void> {
  try {
    await serve();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
    // An answer that was finished before the failure stands; half of one must not look whole.
    if (!response.headersSent) send(response, failureRefusal());
    else if (!response.writableEnded) response.destroy();
  }
}

function send(
  response: NodeResponse,
  { status, headers, document }: Omit<Refusal, 'document'> & { readonly document: unknown },
): void {
  if (response.headersSent) return;
  for (const name of response.getHeaderNames()) if (belongsToAnswer(name)) response.removeHeader(name);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(JSON.stringify(document));
}

/** Node joins several Cookie lines, and the crumbs of HTTP/2, with `; ` by itself. */
function factsOf(request: NodeRequest): RequestFacts {
  const { headers } = request;
  return {
    method: request.method ?? '',
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
