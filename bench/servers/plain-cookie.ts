/** The cookie of the floors: an id as long as a token of ours, so that requests are of one size. Nothing in it is checked. */
import type { IncomingMessage } from 'node:http';

const NAME = 'session_access=';
const LENGTH = 80;
let made = 0;

/** The id of a new session. */
export function newPlainId(): string {
  return String(++made).padStart(LENGTH, 'x');
}

/** As many cookies as ours. */
export function plainCookies(id: string): string[] {
  return [`${NAME}${id}`, `session_refresh=${id}`];
}

export function plainIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const cookie = headers.cookie ?? '';
  const start = cookie.indexOf(NAME) + NAME.length;
  return cookie.slice(start, start + LENGTH);
}
