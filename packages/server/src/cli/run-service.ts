/** Runs one process of the service from start to stop. */
import type { Logger } from 'pino';
import { createService } from '../app.ts';
import type { Config } from '../config/config.ts';
import { gracefulStop } from '../ops/graceful-stop.ts';
import { createLogger } from '../ops/logging.ts';
import { watchUnusedConnections } from '../ops/unused-connections.ts';
import { announceKeys, checkKeysAtStart } from './key-check.ts';

export interface RunOptions {
  readonly config: Config;
  readonly acceptSignOut: boolean;
}

/** A process that serves. */
export interface RunningService {
  readonly publicUrl: string;
  readonly logger: Logger;
  /** Finishes open requests and closes everything; false when some had to be cut off. */
  stop(): Promise<boolean>;
}

/** Checks the keys, listens, and keeps announcing the keys. Throws `ConfigError` before anything is served. */
export async function runService({ config, acceptSignOut }: RunOptions): Promise<RunningService> {
  const logger = createLogger(config.logLevel);
  const service = await createService({ config, logger });
  const { app, sessions, publicUrl } = service;
  const closeUnused = watchUnusedConnections(app.server);
  try {
    await checkKeysAtStart({ sessions, config, logger, acceptSignOut });
    await app.listen({ host: config.host, port: config.port });
    logger.info(
      { host: config.host, port: config.port, profile: config.profile },
      `listening, reached at ${publicUrl}`,
    );
  } catch (error) {
    await app.close();
    throw error;
  }
  const stopAnnouncing = announceKeys({ sessions, logger });
  let stopping: Promise<boolean> | null = null;
  return {
    publicUrl,
    logger,
    stop() {
      stopAnnouncing();
      stopping ??= gracefulStop({
        close: () => app.close(),
        closeIdleConnections: () => {
          app.server.closeIdleConnections();
          closeUnused();
        },
        closeAllConnections: () => app.server.closeAllConnections(),
      });
      return stopping;
    },
  };
}
