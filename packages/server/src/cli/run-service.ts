/** Runs one process of the service from start to stop. */
import type { Logger } from 'pino';
import { createService } from '../app.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { gracefulStop } from '../ops/graceful-stop.ts';
import { createLogger } from '../ops/logging.ts';
import { watchUnusedConnections } from '../ops/unused-connections.ts';
import { checkStore } from '../sessions/check-store.ts';
import { watchLayers } from '../sessions/watch-layers.ts';
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

/** Checks store and keys, listens, and keeps announcing the keys. Throws `ConfigError` before anything is served. */
export async function runService(
  { config, acceptSignOut }: RunOptions,
  /** Called when it begins to take requests: from then on it must not be stopped but in order. */
  onServing: () => void,
): Promise<RunningService> {
  const logger = createLogger(config.logLevel);
  const service = await createService({ config, logger });
  const { app, sessions, opened, publicUrl } = service;
  const closeUnused = watchUnusedConnections(app.server);
  try {
    const { setting } = opened;
    const found = await Promise.all([
      checkStore(opened, config, logger),
      checkKeysAtStart({ sessions, config, setting, logger, acceptSignOut }),
    ]);
    const problems = found.flat();
    if (problems.length > 0) throw new ConfigError(problems);
    onServing();
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
  const stopWatching = watchLayers(opened.store, logger);
  let stopping: Promise<boolean> | null = null;
  return {
    publicUrl,
    logger,
    stop() {
      stopAnnouncing();
      stopWatching();
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
