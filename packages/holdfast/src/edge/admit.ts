/** Takes a request in: answers it here, or says where it goes and with which headers. The same for WebSockets. */
import { PROBLEM_TYPE, REASON_HEADER } from '../protocol/names.ts';
import { type ProblemCode, problemDocument } from '../protocol/problems.ts';
import { answerHeaders } from './answer.ts';
import { isPreflight, mayUpgrade } from './cors.ts';
import { requestHeaders } from './forward-headers.ts';
import type { EdgeContext, EdgeFailure } from './options.ts';
import { findRoute, publicLocation, type Route, targetOf } from './routes.ts';
import type { EdgeSettings } from './settings.ts';

/** A request that may go on to its upstream. */
export interface Passage {
  readonly requestId: string;
  readonly route: Route;
  readonly target: URL;
  readonly headers: Headers;
  /** The upstream's answer as the browser gets it. Logs the request. */
  pass(answer: Response, attempts: number): Response;
  /** An answer in the upstream's place. Logs the request. */
  refuse(failure: EdgeFailure, attempts: number): Response;
}

/** What the browser is told, and how. */
const PROBLEM: Readonly<Record<Exclude<EdgeFailure, 'preflight' | 'client-gone'>, ProblemCode>> = {
  'no-route': 'not-found',
  'bad-request': 'bad-request',
  'forbidden-origin': 'forbidden-origin',
  'no-token': 'not-signed-in',
  'connection-failed': 'bad-gateway',
  timeout: 'gateway-timeout',
};

/** What nginx logs for it; nobody is there to read it. */
const CLIENT_GONE = 499;
const NO_BODY = /^(?:1..|204|205|304)$/;
const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;

/** The way of a request, or its answer where the edge gives it. */
export async function admit(
  settings: EdgeSettings,
  request: Request,
  context: EdgeContext,
): Promise<Passage | Response> {
  const { cors, trusted, access } = settings;
  const began = settings.now();
  const { method, headers: received } = request;
  const url = new URL(request.url);
  const upgrade = /^websocket$/i.test(received.get('upgrade') ?? '');
  const told = (name: string) => (trusted && received.get(`x-forwarded-${name}`)?.split(',')[0]?.trim()) || null;
  const protocol = told('proto') ?? context.protocol ?? url.protocol.slice(0, -1);
  const host = told('host') ?? url.host;
  const publicOrigin = `${protocol}://${host}`;
  const givenId = trusted ? received.get('x-request-id') : null;
  const requestId = givenId && REQUEST_ID.test(givenId) ? givenId : settings.newRequestId();
  const route = findRoute(settings.routes, url.pathname);

  function log(status: number, attempts: number, failure: EdgeFailure | null): void {
    try {
      settings.onRequest({
        requestId,
        method,
        path: url.pathname,
        route: route ? route.prefix || '/' : null,
        status,
        milliseconds: settings.now() - began,
        attempts,
        failure,
      });
    } catch {
      // A log that fails is no reason to fail a request.
    }
  }

  function answer(status: number, headers: Headers, body: BodyInit | null): Response {
    headers.set('x-request-id', requestId);
    cors.mark(headers, request);
    return new Response(method === 'HEAD' ? null : body, { status, headers });
  }

  function refuse(failure: EdgeFailure, attempts: number): Response {
    const headers = new Headers({ 'cache-control': 'no-store' });
    let response: Response;
    if (failure === 'preflight') {
      response = answer(204, headers, null);
      cors.permit(response.headers);
    } else if (failure === 'client-gone') {
      response = answer(CLIENT_GONE, headers, null);
    } else {
      const code = PROBLEM[failure];
      const document = problemDocument(code, {
        instance: requestId,
        ...(failure === 'no-token' ? { reason: failure } : {}),
      });
      headers.set('content-type', PROBLEM_TYPE);
      if (document.status > 500) headers.set('retry-after', '1');
      if (failure === 'no-token') headers.set(REASON_HEADER, failure);
      response = answer(document.status, headers, JSON.stringify(document));
    }
    log(response.status, attempts, failure);
    return response;
  }

  if (isPreflight(request)) return refuse('preflight', 0);
  if (!route) return refuse('no-route', 0);
  const target = targetOf(route, url);
  if (!target || /^(?:connect|trac[ek])$/i.test(method)) return refuse('bad-request', 0);
  if (upgrade && !mayUpgrade(received, publicOrigin, cors)) return refuse('forbidden-origin', 0);
  const verdict = await access?.judge(received);
  if (verdict === 'none' && access?.sheds(url.pathname, received)) return refuse('no-token', 0);

  const headers = requestHeaders(received, {
    requestId,
    clientIp: context.clientIp ?? ('cf' in request ? received.get('cf-connecting-ip') : null),
    trusted,
    protocol,
    host,
    strippedPrefix: route.stripPrefix ? route.prefix : '',
    upgrade,
  });
  if (route.forwardsHost) headers.set('host', host);
  if (settings.secret) headers.set('x-edge-secret', settings.secret);
  if (verdict) headers.set('x-edge-access', verdict);

  return {
    requestId,
    route,
    target,
    headers,
    refuse,
    pass(received, attempts) {
      const { status, statusText } = received;
      // An accepted WebSocket cannot be made anew: the connection hangs on this very object.
      let response = received;
      if (status !== 101) {
        const passed = answerHeaders(received, request, settings.rewrite);
        const location = passed.get('location');
        if (location !== null) passed.set('location', publicLocation(location, route, target, publicOrigin));
        passed.set('x-request-id', requestId);
        cors.mark(passed, request);
        response = new Response(NO_BODY.test(`${status}`) ? null : received.body, {
          status,
          statusText,
          headers: passed,
        });
      }
      log(status, attempts, null);
      return response;
    },
  };
}
