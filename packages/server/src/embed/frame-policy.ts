/** Under which policy the embedded page is sent: that of all pages, and framed by exactly the origins that are known. */
import { PAGE_POLICY } from '../pages/page-policy.ts';

const NOBODY = ["'none'"] as const;
/** Pages that a developer serves on this computer; IPv6 addresses cannot be written in a policy. */
const LOOPBACK = [
  "'self'",
  ...['http', 'https'].flatMap((scheme) => [`${scheme}://localhost:*`, `${scheme}://127.0.0.1:*`]),
] as const;
/** What the page asks of the browser: nothing. */
const PERMISSIONS =
  'accelerometer=(), autoplay=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()';

/** Null: nothing is known, and nobody may. Empty: bound to no origin, which only a developer's pages may embed. */
export function ancestorsOf(origins: readonly string[] | null, isDevelopment: boolean): readonly string[] {
  if (origins === null) return NOBODY;
  if (origins.length > 0) return origins;
  return isDevelopment ? LOOPBACK : NOBODY;
}

/**
 * The headers of the page. No X-Frame-Options: it cannot name an origin, and browsers that know `frame-ancestors` pass over
 * it. With COEP and CORP, pages that are isolated from other origins may embed it, too.
 */
export function frameHeaders(ancestors: readonly string[]): Readonly<Record<string, string>> {
  const policy = { ...PAGE_POLICY, 'frame-ancestors': ancestors };
  const rules = Object.entries(policy).map(([name, values]) => [name, ...values].join(' '));
  return {
    'content-security-policy': rules.join(';'),
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'cross-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'permissions-policy': PERMISSIONS,
    'x-dns-prefetch-control': 'off',
  };
}
