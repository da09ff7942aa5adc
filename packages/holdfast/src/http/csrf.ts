/** Decides whether an unsafe request may act with the cookies it carries (Fetch Metadata first, then Origin, then Referer). */
import type { CsrfVerdict, RequestFacts } from './exchange.ts';

const ALLOWED: CsrfVerdict = Object.freeze({ allowed: true });
/** They change nothing (RFC 9110 9.2.1). Method names are case-sensitive; an unknown one is unsafe. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * `origins` are compared as exact strings, which is what browsers send: every other spelling of a host, port or scheme
 * is another origin. `carriesCookie` is asked only where it decides. SameSite is not relied on: sibling hosts are
 * same-site, and a fresh Lax-by-default cookie travels with a cross-site POST.
 */
export function decideCsrf(
  request: RequestFacts,
  origins: ReadonlySet<string>,
  carriesCookie: () => boolean,
): CsrfVerdict {
  if (SAFE_METHODS.has(request.method)) return ALLOWED;
  const site = request.header('sec-fetch-site');
  const origin = request.header('origin');
  const listed = origin !== undefined && origins.has(origin);

  if (site === 'same-origin') return ALLOWED;
  if (site === 'none') {
    // A person's own doing, such as reloading an answered form. Scripts never get this value with another mode.
    if (request.header('sec-fetch-mode') !== 'navigate') {
      return refused('Sec-Fetch-Site is "none" on a request that is not a navigation.');
    }
    if (origin === undefined || origin === 'null' || listed) return ALLOWED;
    return refused(`The request comes from ${quote(origin)}, which the setting \`origins\` does not list.`);
  }
  if (listed) return ALLOWED;
  if (origin !== undefined) return refused(whyNotListed(origin));
  if (site !== undefined) {
    return refused(
      `The request is ${quote(site)} and carries no Origin header that the setting \`origins\` could list.`,
    );
  }

  // A browser from before Fetch Metadata, or no browser at all.
  const referer = request.header('referer');
  if (referer !== undefined) {
    const from = originOf(referer);
    return from !== null && origins.has(from) ? ALLOWED : refused(whyNotListed(from ?? referer));
  }
  if (!carriesCookie()) return ALLOWED;
  return refused(
    'The request carries a session cookie but neither Sec-Fetch-Site, Origin nor Referer, so nobody knows which page sent it. Send an Origin header that the setting `origins` lists.',
  );
}

function whyNotListed(origin: string): string {
  if (origin === 'null') {
    return 'The request comes from a page without an origin of its own (Origin: null), such as a sandboxed frame or a file. Send it from a page whose origin the setting `origins` lists.';
  }
  return `The request comes from ${quote(origin)}, which the setting \`origins\` does not list. If that is a page of yours, add exactly this origin there.`;
}

function originOf(url: string): string | null {
  try {
    return new URL(url).origin;
  } catch {
    return null;
  }
}

function refused(detail: string): CsrfVerdict {
  return { allowed: false, detail };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
