/** Starts the service inside the test's process: real Fastify, real SQLite, a port and a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createService, type Service } from '../../src/app.ts';
import { freePort } from '../../src/cli/free-port.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/resolve-config.ts';
import { createLogger } from '../../src/ops/logging.ts';
import { Client } from './client.ts';

/** 32 bytes and random enough; not a secret of anybody. */
export const SECRET = 'q9Zr4nV1xKc7Lw2TbYh8Gd5Sf0JmPu3EaRiNoWvXz6s';
export const OTHER_SECRET = 'B7kTf2QmXw9LzRc4VhNp1YgDs6JaUe0KiGoSxWqMv3t';

export interface Running {
  readonly service: Service;
  readonly url: string;
  readonly config: Config;
  readonly directory: string;
  /** Every line logged so far. */
  readonly log: string[];
  client(): Client;
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly consoleDirectory?: string | null;
}

/** A directory that goes when the test is over. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts; stops with the test. */
export async function startService(test: TestContext, options: StartOptions = {}): Promise<Running> {
  const directory = temporaryDirectory(test);
  const environment = {
    DATA_DIR: directory,
    PORT: String(await freePort('127.0.0.1')),
    SESSION_SECRET: SECRET,
    LOG_LEVEL: 'trace',
    ...options.environment,
  };
  const { config } = loadConfig(environment, directory);
  const log: string[] = [];
  const logger = createLogger(config.logLevel, { write: (line) => void log.push(line) });
  const service = await createService({ config, logger, consoleDirectory: options.consoleDirectory ?? null });
  await service.app.listen({ host: '127.0.0.1', port: config.port });
  test.after(() => service.app.close());
  const url = `http://127.0.0.1:${config.port}`;
  return { service, url, config, directory, log, client: () => new Client(url) };
}

/** The settings of production, except for those about the data. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.test',
  ALLOWED_HOSTS: 'auth.example.test,127.0.0.1',
} as const;
