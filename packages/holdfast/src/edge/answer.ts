/** What a browser gets of an upstream's answer: every cookie by itself, nothing personal in a cache, one voice on CORS. */
import { HINT_HEADER } from '../protocol/names.ts';
import { connectionNames, isHopByHop } from './forward-headers.ts';
import { type CookieRewriter, isFolded } from './set-cookie.ts';

/** Headers by which shared caches are told to keep an answer although `Cache-Control` says otherwise (RFC 9213). */
const FOR_CACHES = ['cdn-cache-control', 'cloudflare-cdn-cache-control', 'surrogate-control', 'expires'];

/** The headers of an upstream's answer, as they go on, but for CORS, Location and the request id. */
export function answerHeaders(answer: Response, request: Request, rewrite: CookieRewriter): Headers {
  const headers = new Headers();
  const named = connectionNames(answer.headers);
  for (const [name, value] of answer.headers) {
    // Reading all lines of Set-Cookie as one would join them. `Alt-Svc` speaks of the upstream's own address.
    if (name === 'set-cookie' || name === 'alt-svc' || isHopByHop(name)) continue;
    if (!named.has(name) || name === 'cache-control' || name === 'vary') headers.append(name, value);
  }
  const lines = answer.headers.getSetCookie();
  for (const line of lines) headers.append('set-cookie', rewrite(line));
  if (lines.some(isFolded)) headers.append(HINT_HEADER, 'set-cookie-folded');
  keepPrivate(headers, request, lines.length > 0);
  return headers;
}

/** Set-Cookie alone does not keep an answer out of shared caches (RFC 9111 §7.3). */
function keepPrivate(headers: Headers, request: Request, setsCookies: boolean): void {
  const own = headers.get('cache-control');
  const personal = request.headers.has('cookie') || request.headers.has('authorization');
  const fitting = setsCookies ? /(?:^|[\s,])no-store(?:[\s,]|$)/i.test(own ?? '') : own !== null || !personal;
  if (!fitting) headers.set('cache-control', 'private, no-store');
  if (setsCookies || !fitting) for (const name of FOR_CACHES) headers.delete(name);
}
