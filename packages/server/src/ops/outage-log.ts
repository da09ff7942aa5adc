/** Tells in the log when a database stops answering and when it is back: one line each, however many requests noticed. */
import type { Logger } from 'pino';

export interface OutageLogOptions {
  /** `the session store`, `the accounts`: what the lines call it. */
  readonly name: string;
  readonly logger: Logger;
  /** Asked once a second while it is out. Never throws. */
  readonly health: () => Promise<{ readonly healthy: boolean }>;
  /** Default 1000. */
  readonly lookMs?: number;
}

/** What notices failures. */
export interface OutageLog {
  /** An operation failed because the database did not answer; `facts` go into the line. */
  failed(facts: Readonly<Record<string, unknown>>): void;
  close(): void;
}

/** Watches nothing while all is well. */
export function logOutages({ name, logger, health, lookMs = 1000 }: OutageLogOptions): OutageLog {
  let since: number | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let closed = false;

  async function look(): Promise<void> {
    const { healthy } = await health();
    if (closed || since === null) return;
    if (!healthy) {
      lookLater();
      return;
    }
    const seconds = Math.round((performance.now() - since) / 100) / 10;
    since = null;
    logger.info({ seconds }, `${name} answers again`);
  }

  function lookLater(): void {
    timer = setTimeout(() => void look(), lookMs);
    timer.unref();
  }

  return {
    failed(facts) {
      if (closed) return;
      if (since !== null) {
        logger.debug(facts, `${name} did not answer`);
        return;
      }
      since = performance.now();
      logger.error(
        facts,
        `${name} did not answer; people stay signed in, and what needs it is answered 503 until it is back`,
      );
      lookLater();
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
