/** Cross-origin requests with cookies: whom answers name, and preflights that no upstream has to know about. */
import { ACTIVITY_HEADER, HINT_HEADER, REASON_HEADER } from '../protocol/names.ts';
import type { CorsOptions } from './options.ts';

/** The rules of one edge, prepared. */
export interface Cors {
  /** Whether a page of this origin (the value of an Origin header) may read answers. */
  allows(origin: string | null): origin is string;
  /** Makes the edge the only voice in an answer's CORS headers. */
  mark(headers: Headers, request: Request): void;
  /** Adds to the headers of a preflight's answer what the page may do. */
  permit(headers: Headers): void;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const HEADERS = ['content-type', ACTIVITY_HEADER];
const EXPOSED = ['retry-after', REASON_HEADER, HINT_HEADER, 'x-request-id'];
const TOKEN = /^[!#$%&'+.^_`|~\w-]+$/;
/** App shells and extensions (`capacitor://localhost`), for which URL knows no origin. */
const OTHER_ORIGIN = /^(?!https?:|null$)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d+)?$/;

/** Prepares the rules. Names what cannot work in `problems`. */
export function createCors(options: CorsOptions | undefined, problems: string[]): Cors {
  const { origins = [], methods = METHODS, headers = HEADERS, exposed = EXPOSED, maxAgeSeconds = 600 } = options ?? {};
  const exact = new Set<string>();
  const patterns: URL[] = [];
  for (const origin of origins) {
    const url = URL.parse(origin);
    const wild = url?.hostname.startsWith('*.') ?? false;
    const rest = url?.hostname.slice(2) ?? '';
    const written = url?.origin === origin || OTHER_ORIGIN.test(origin);
    if (!written || (wild ? rest.includes('*') || !/\.|^localhost$/.test(rest) : origin.includes('*'))) {
      problems.push(
        `cors.origins: ${JSON.stringify(origin)} is neither an origin such as "https://app.example" nor a pattern such as "https://*.app.example"`,
      );
    } else if (wild && url) patterns.push(url);
    else exact.add(origin);
  }
  for (const [name, list] of Object.entries({ methods, headers, exposed })) {
    // With credentials a `*` is a name like any other, so whoever writes it means something that will not happen.
    if (!list.every((item) => TOKEN.test(item)))
      problems.push(`cors.${name}: list names, each of its own, without "*"`);
  }
  if (options && origins.length === 0) problems.push('cors.origins: list the origins of your pages, or leave cors out');
  if (!(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 0)) {
    problems.push('cors.maxAgeSeconds: must be whole seconds, 0 or more');
  }

  const allows = (origin: string | null): origin is string =>
    origin !== null && (exact.has(origin) || patterns.some((pattern) => matches(pattern, origin)));

  return {
    allows,
    mark(answer, request) {
      for (const name of [...answer.keys()]) if (name.startsWith('access-control-')) answer.delete(name);
      if (!options) return;
      const vary = answer.get('vary') ?? '';
      if (!/(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(vary)) answer.append('vary', 'Origin');
      const origin = request.headers.get('origin');
      if (!allows(origin)) return;
      answer.set('access-control-allow-origin', origin);
      answer.set('access-control-allow-credentials', 'true');
      if (exposed.length > 0) answer.set('access-control-expose-headers', exposed.join(', '));
    },
    permit(answer) {
      answer.delete('access-control-expose-headers');
      if (!answer.has('access-control-allow-origin')) return;
      answer.set('access-control-allow-methods', methods.join(', '));
      answer.set('access-control-allow-headers', headers.join(', '));
      answer.set('access-control-max-age', `${maxAgeSeconds}`);
    },
  };
}

/** What a browser sends before a request that a page of another origin could not have made by a form (Fetch §4.8). */
export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

/**
 * Whether a WebSocket may be opened. CORS does not cover them, and browsers send cookies along: any page could speak in
 * a signed-in person's name (RFC 6455 §10.2). No Origin means no browser.
 */
export function mayUpgrade(headers: Headers, publicOrigin: string, cors: Cors): boolean {
  const origin = headers.get('origin');
  return (
    origin === null || origin === publicOrigin || headers.get('sec-fetch-site') === 'same-origin' || cors.allows(origin)
  );
}

/** Compares labels, never text: `https://evil.app.example.attacker.com` and `https://evilapp.example` end here. */
function matches(pattern: URL, origin: string): boolean {
  const url = URL.parse(origin);
  // Any other spelling than a browser's own (upper case, default port, slash, name and password) is no origin.
  if (url?.origin !== origin || url.protocol !== pattern.protocol || url.port !== pattern.port) return false;
  const wanted = pattern.hostname.split('.').slice(1);
  const labels = url.hostname.split('.');
  const own = labels.splice(0, labels.length - wanted.length);
  return own.length > 0 && own.every(Boolean) && wanted.every((label, i) => label === labels[i]);
}
