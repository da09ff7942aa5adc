/** What an API key looks like: `hfk_<id>_<secret>`, and how a text is told to be one. */
import { createHash, randomBytes } from 'node:crypto';

/** The two parts of a key. The id names it in lists; the secret is 256 random bits and is told once. */
export interface ApiKeyParts {
  /** 12 hexadecimal digits. */
  readonly id: string;
  /** 43 characters of base64url. */
  readonly secret: string;
}

const SHAPE = /^hfk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const BEARER = /^bearer(?: +|$)/i;

export function newApiKey(): ApiKeyParts {
  return { id: randomBytes(6).toString('hex'), secret: randomBytes(32).toString('base64url') };
}

/** As it is handed out. The prefix lets scanners of leaked secrets recognise one. */
export function formatApiKey({ id, secret }: ApiKeyParts): string {
  return `hfk_${id}_${secret}`;
}

/** Null when the text is no key. */
export function parseApiKey(text: string): ApiKeyParts | null {
  const match = SHAPE.exec(text);
  return match === null ? null : { id: match[1] as string, secret: match[2] as string };
}

/** What is stored. A fast hash will do: nobody guesses 256 bits. */
export function hashApiKeySecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** What an Authorization header carries as a bearer (RFC 6750 2.1); null for another scheme, which is not for us. */
export function bearerOf(authorization: string | undefined): string | null {
  if (authorization === undefined || !BEARER.test(authorization)) return null;
  return authorization.replace(BEARER, '').trim();
}
