/** Looks at every request before anything else: which host it is for, over which scheme, and the headers of every answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../app-type.ts';
import type { Config } from '../config/config.ts';
import { sendProblem } from './problem-error.ts';

/** Answered under any host name: probes call by address, and the answers say nothing about anybody. */
const PROBES = new Set(['/healthz', '/readyz']);
const HSTS = 'max-age=31536000; includeSubDomains';

/** Adds the one hook that does all of it: hooks are paid for by every request. */
export function guardRequests(app: App, config: Config, publicUrl: string): void {
  const isAllowed = hostMatcher(config.allowedHosts);
  const https = publicUrl.startsWith('https://');
  const redirects = https && config.trustedProxies.length > 0;
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cross-origin-resource-policy', 'same-origin');
    if (https) reply.header('strict-transport-security', HSTS);
    const { raw } = request;
    const url = raw.url ?? '';
    if (!isAllowed(raw.headers.host) || url.charCodeAt(0) !== 47 || hasTwoHosts(raw.rawHeaders)) {
      if (!PROBES.has(url)) {
        return sendProblem(reply, 'host-not-allowed', {
          detail: 'Ask under a host name of ALLOWED_HOSTS, once, and with a path as the address.',
        });
      }
    }
    if (redirects && cameOverHttp(request) && !PROBES.has(url)) return toHttps(request, reply, publicUrl);
    done();
  });
}

/** Whether a Host header names one of the hosts. An entry without a port matches every port. */
export function hostMatcher(allowed: readonly string[]): (host: string | undefined) => boolean {
  const entries = new Set(allowed);
  // Headers that matched: the common case is then one look-up. Only matches are kept, and few, so it cannot be filled up.
  const seen = new Set<string>();
  return (host) => {
    if (host === undefined) return false;
    if (seen.has(host)) return true;
    const name = host.toLowerCase();
    if (!entries.has(name) && !entries.has(name.replace(/:[0-9]{1,5}$/, ''))) return false;
    if (seen.size < 64) seen.add(host);
    return true;
  };
}

/** Node keeps the first of two Host lines without a word, while a proxy in front may have looked at the second. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Only what a proxy says counts: without the header nobody knows, and a redirect could go in circles. */
function cameOverHttp(request: FastifyRequest): boolean {
  const header = request.headers['x-forwarded-proto'];
  const last = (Array.isArray(header) ? header.at(-1) : header)?.split(',').at(-1)?.trim().toLowerCase();
  return last === 'http' && request.protocol === 'http';
}

function toHttps(request: FastifyRequest, reply: FastifyReply, publicUrl: string): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    // The address comes from PUBLIC_URL, never from Host. A path of two slashes would name another host.
    const path = (request.raw.url ?? '/').replace(/^\/+/, '/');
    reply.redirect(`${publicUrl}${path}`, 308);
    return;
  }
  sendProblem(reply, 'bad-request', { detail: `Send this to ${publicUrl}: what it carries is not for plain http.` });
}
