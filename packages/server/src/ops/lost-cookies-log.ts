/** Tells in the log that a proxy in front loses Set-Cookie headers, before the people behind it are signed out. */
import type { Logger } from 'pino';

const AT_MOST_EVERY_MS = 60_000;

/** Answers a function to call for each request that shows it; one line a minute says how many there were. */
export function logLostCookies(logger: Logger, now: () => number = () => performance.now()): () => void {
  let requests = 0;
  let told = Number.NEGATIVE_INFINITY;
  return () => {
    requests += 1;
    if (now() - told < AT_MOST_EVERY_MS) return;
    told = now();
    logger.warn(
      { requests },
      'browsers come with an access cookie but without the refresh cookie that was set beside it: something in front of the service folds Set-Cookie headers into one, or drops one, and will sign people out within minutes. Let the proxy append each Set-Cookie by itself',
    );
    requests = 0;
  };
}
