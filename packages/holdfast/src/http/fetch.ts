/** The binding for servers that speak the Fetch API: Hono, Next-style route handlers, Bun, Deno, Workers. */
import type { Sessions } from '../core/sessions.ts';
import { REASON_HEADER } from '../protocol/names.ts';
import { type CookieSet, resolveCookieSet } from './cookie-set.ts';
import type { Exchange, HttpOptions, RequestFacts, ResponseFacts } from './exchange.ts';
import { belongsToAnswer, type Refusable, refusalOf } from './refusal.ts';
import { RequestExchange } from './request-exchange.ts';
import { decideValidate, type UserOf } from './validate-answer.ts';

/** An exchange that finishes a `Response`. */
export interface FetchExchange extends Exchange {
  /**
   * The response with what the session adds to it; return this one. Its body streams on untouched and every cookie of
   * the application stays. Waits until everything is stored; a 503 problem takes its place when that failed unseen.
   */
  respond(response: Response): Promise<Response>;
  /** The error answer for a request that is not signed in (401), unanswerable (503) or from a foreign page (403). */
  problem(why: Refusable): Response;
  /**
   * The answer to a front end's one question, `POST` or `GET /unified-auth/validate`: 200 with who is signed in or why
   * nobody is, 503 in an outage. Rejects with what `userOf` threw. Finish it by {@link respond} like any other.
   */
  validate<U extends { readonly id: string }>(userOf: UserOf<U>): Promise<Response>;
}

/** Serves one request with its session at hand. */
export type FetchHandler<R extends Request = Request> = (
  request: R,
  auth: FetchExchange,
) => Response | Promise<Response>;

/** The engine over the Fetch API. */
export interface FetchSessions {
  readonly sessions: Sessions;
  /** The exchange of a request; the same one however often it is asked for. */
  from(request: Request): FetchExchange;
  /** Answers 403 to unsafe requests from foreign pages, runs `serve` and finishes its response. What it throws passes through. */
  handler<R extends Request = Request>(serve: FetchHandler<R>): (request: R) => Promise<Response>;
}

/**
 * ```ts
 * const http = fetchSessions(createSessions({ store, secrets }), { origins: ['https://app.example'] });
 * export default { fetch: http.handler(async (request, auth) => {
 *   const who = await auth.resolve();
 *   return who.status === 'signed-in' ? Response.json(who.session.userId) : auth.problem(who);
 * }) };
 * ```
 * Throws one `invalid-option` that names every option that cannot work.
 */
export function fetchSessions(sessions: Sessions, options: HttpOptions): FetchSessions {
  const cookies = resolveCookieSet(options);
  const exchanges = new WeakMap<Request, FetchExchange>();
  const from = (request: Request): FetchExchange => {
    let exchange = exchanges.get(request);
    if (exchange === undefined) {
      exchange = new ResponseExchange(sessions, cookies, request);
      exchanges.set(request, exchange);
    }
    return exchange;
  };
  return Object.freeze({
    sessions,
    from,
    handler<R extends Request>(serve: FetchHandler<R>) {
      return async (request: R): Promise<Response> => {
        const auth = from(request);
        const verdict = auth.csrf();
        return auth.respond(verdict.allowed ? await serve(request, auth) : auth.problem(verdict));
      };
    },
  });
}

class ResponseExchange extends RequestExchange implements FetchExchange {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions, cookies: CookieSet, request: Request) {
    super(sessions, cookies, factsOf(request));
    this.#sessions = sessions;
  }

  async respond(response: Response): Promise<Response> {
    const facts = this.immediateFacts() ?? (await this.responseFacts());
    if (facts.unsaved === undefined) return withFacts(response, facts);
    // Nobody will read the application's answer; a stream behind it must not wait for a reader.
    response.body?.cancel().catch(() => undefined);
    const instead = this.problem(facts.unsaved);
    const headers = new Headers(instead.headers);
    response.headers.forEach((value, name) => {
      if (!belongsToAnswer(name) && !headers.has(name)) headers.set(name, value);
    });
    return withFacts(new Response(instead.body, { status: instead.status, headers }), facts);
  }

  problem(why: Refusable): Response {
    if ('status' in why && why.status === 'unreachable') this.tellOutage();
    const { status, headers, document } = refusalOf(why);
    return new Response(JSON.stringify(document), { status, headers });
  }

  async validate<U extends { readonly id: string }>(userOf: UserOf<U>): Promise<Response> {
    const answer = await decideValidate(this, this.#sessions, userOf);
    if ('status' in answer) return this.problem(answer);
    return Response.json(answer, { headers: answer.valid ? {} : { [REASON_HEADER]: answer.reason } });
  }
}

function factsOf(request: Request): RequestFacts {
  const { headers } = request;
  return { method: request.method, header: (name) => headers.get(name) ?? undefined };
}

/** A new response always: headers of redirects are immutable, and an answer kept in a constant serves other people too. */
function withFacts(response: Response, facts: ResponseFacts): Response {
  const additions = Object.entries(facts.headers);
  if (additions.length === 0 && facts.setCookie.length === 0) return response;
  // An upgrade (101) or a network error (0) cannot be made anew, and no cookie would be read from it.
  if (response.status < 200) return response;
  const headers = new Headers(response.headers);
  // An answer that names its reason knows better: a 503 to a sign-in is not "no token".
  for (const [name, value] of additions) if (name !== REASON_HEADER || !headers.has(name)) headers.set(name, value);
  for (const line of facts.setCookie) headers.append('set-cookie', line);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
