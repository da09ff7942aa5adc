/** Stops a process without cutting a request short: no new connections, open requests finish, then the stores close. */

/** What has to be closed. */
export interface Stoppable {
  /** Resolves when every request is answered and the stores are closed. */
  close(): Promise<void>;
  /** Drops connections on which no request is under way. */
  closeIdleConnections(): void;
  /** Drops whatever connection is still open. */
  closeAllConnections(): void;
}

export interface GracefulStopOptions {
  /** The longest that open requests may take, in milliseconds. Default 10,000. */
  readonly limitMs?: number;
}

/** A connection whose last request was under way when the stop began would otherwise be kept alive for another one. */
const IDLE_CHECK_MS = 50;

/** Closes; answers false when open requests had to be cut off at the limit. */
export async function gracefulStop(target: Stoppable, options: GracefulStopOptions = {}): Promise<boolean> {
  let finished = true;
  const timer = setTimeout(() => {
    finished = false;
    target.closeAllConnections();
  }, options.limitMs ?? 10_000);
  const idle = setInterval(() => target.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await target.close();
  } finally {
    clearInterval(idle);
    clearTimeout(timer);
  }
  return finished;
}
