/** Reads one Set-Cookie line as a browser does (RFC 6265bis 5.6), garbage included. */

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a leading dot; null for host-only. */
  readonly domain: string | null;
  readonly path: string | null;
  /** Seconds from now; null for a session cookie. */
  readonly lifeSeconds: number | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none' | null;
  readonly priority: 'low' | 'medium' | 'high';
}

const MAX_PAIR = 4096;
const MAX_ATTRIBUTE = 1024;
/** Browsers keep no cookie for longer (RFC 6265bis 5.5). */
const MAX_LIFE_SECONDS = 400 * 24 * 60 * 60;

/** Null for what a browser ignores. `now` in milliseconds since 1970. */
export function readSetCookie(line: string, now: number): SetCookie | null {
  if (hasControl(line)) return null;
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const name = at < 0 ? '' : pair.slice(0, at).trim();
  const value = pair.slice(at + 1).trim();
  if ((name === '' && value === '') || Buffer.byteLength(name) + Buffer.byteLength(value) > MAX_PAIR) return null;
  let maxAge: number | null = null;
  let expires: number | null = null;
  const cookie = {
    name,
    value,
    domain: null as string | null,
    path: null as string | null,
    secure: false,
    httpOnly: false,
    sameSite: null as SetCookie['sameSite'],
    priority: 'medium' as SetCookie['priority'],
  };
  for (const attribute of attributes) {
    const eq = attribute.indexOf('=');
    const key = (eq < 0 ? attribute : attribute.slice(0, eq)).trim().toLowerCase();
    const text = eq < 0 ? '' : attribute.slice(eq + 1).trim();
    if (Buffer.byteLength(text) > MAX_ATTRIBUTE) continue;
    if (key === 'domain' && text !== '') cookie.domain = text.replace(/^\./, '').toLowerCase();
    else if (key === 'path') cookie.path = text.startsWith('/') ? text : null;
    else if (key === 'max-age' && /^-?\d+$/.test(text)) maxAge = Number(text);
    else if (key === 'expires' && !Number.isNaN(Date.parse(text))) expires = (Date.parse(text) - now) / 1000;
    else if (key === 'secure') cookie.secure = true;
    else if (key === 'httponly') cookie.httpOnly = true;
    else if (key === 'samesite' && /^(?:strict|lax|none)$/i.test(text)) {
      cookie.sameSite = text.toLowerCase() as SetCookie['sameSite'];
    } else if (key === 'priority' && /^(?:low|medium|high)$/i.test(text)) {
      cookie.priority = text.toLowerCase() as SetCookie['priority'];
    }
  }
  const life = maxAge ?? expires;
  return { ...cookie, lifeSeconds: life === null ? null : Math.min(life, MAX_LIFE_SECONDS) };
}

/** Any control character but a tab makes browsers ignore the whole line. */
function hasControl(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}
