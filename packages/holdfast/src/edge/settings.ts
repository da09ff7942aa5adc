/** The options of an edge, checked at once and prepared once. */
import { type AccessChecker, createAccessChecker } from './access-check.ts';
import { type Cors, createCors } from './cors.ts';
import { fetchTransport } from './fetch-transport.ts';
import type { EdgeEntry, EdgeOptions } from './options.ts';
import { type Route, readRoutes } from './routes.ts';
import type { Sending } from './send.ts';
import { type CookieRewriter, createCookieRewriter } from './set-cookie.ts';

/** What an edge works with. */
export interface EdgeSettings extends Sending {
  readonly routes: readonly Route[];
  readonly cors: Cors;
  readonly rewrite: CookieRewriter;
  readonly access: AccessChecker | null;
  readonly trusted: boolean;
  readonly secret: string | undefined;
  readonly now: () => number;
  readonly newRequestId: () => string;
  readonly onRequest: (entry: EdgeEntry) => void;
}

const MAX_TIMEOUT_SECONDS = 86_400;

/** Throws one `TypeError` that names everything that cannot work, each with its fix. */
export function resolveSettings(options: EdgeOptions): EdgeSettings {
  const problems: string[] = [];
  const {
    transport = fetchTransport,
    timeoutSeconds = 30,
    retries = 1,
    edgeSecret: secret,
    now = Date.now,
    newRequestId = () => crypto.randomUUID(),
    onRequest = () => {},
    accessCheck,
  } = options;
  const settings: EdgeSettings = {
    routes: readRoutes(options.routes, problems),
    cors: createCors(options.cors, problems),
    rewrite: createCookieRewriter(options.cookies, problems),
    access: accessCheck ? createAccessChecker(accessCheck, now, problems) : null,
    trusted: options.trustForwarded === true,
    secret,
    transport,
    timeoutSeconds,
    retries,
    now,
    newRequestId,
    onRequest,
  };
  if (secret !== undefined && !/^[\x21-\x7e]{32,}$/.test(secret)) {
    problems.push('edgeSecret: needs at least 32 visible ASCII characters; make one with: holdfast keys generate');
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    problems.push(`timeoutSeconds: must be more than 0 and at most ${MAX_TIMEOUT_SECONDS}`);
  }
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 10)) {
    problems.push('retries: must be a whole number from 0 to 10');
  }
  for (const [name, value] of Object.entries({ transport, now, newRequestId, onRequest })) {
    if (typeof value !== 'function') problems.push(`${name}: must be a function`);
  }
  if (problems.length > 0) throw new TypeError(`The edge cannot work like this:\n${problems.join('\n')}`);
  return Object.freeze(settings);
}
