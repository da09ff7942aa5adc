/** Looks at how the session store is set up before people depend on it. */
import type { StoreFinding } from 'holdfast';
import type { Logger } from 'pino';
import { type Config, ConfigError, type ConfigProblem } from '../config/config.ts';
import { createLogger } from '../ops/logging.ts';
import { type OpenedStore, openStore } from './open-store.ts';
import { findingProblem, inOurWords, isSilent, toStoreProblem } from './store-problems.ts';

/**
 * Answers what must stop the start, and logs everything else with its fix: warnings, and in development (or with
 * ALLOW_UNSAFE_STORE) problems too.
 */
export async function checkStore(
  { store, setting, warnings }: OpenedStore,
  config: Config,
  logger: Logger,
): Promise<readonly ConfigProblem[]> {
  for (const warning of warnings) logger.warn(warning);
  let findings: readonly StoreFinding[];
  try {
    findings = (await store.inspect?.()) ?? [];
  } catch (error) {
    if (!isSilent(error)) throw error;
    return toStoreProblem(setting, error);
  }
  const production = config.profile === 'production';
  const stopping = findings.filter(({ severity }) => severity === 'problem' && production && !config.allowUnsafeStore);
  for (const finding of findings) {
    if (stopping.includes(finding)) continue;
    const message = `${inOurWords(finding.message)}: ${inOurWords(finding.fix)}`;
    const unsafe = finding.severity === 'problem' ? 'unsafe: sessions will be lost. ' : '';
    logger.warn({ finding: finding.code }, `${unsafe}${message}`);
  }
  return stopping.map((finding) => findingProblem(setting, finding, production));
}

/** What is wrong with Redis and PostgreSQL as they are set, found by connecting to them. A file is not looked at. */
export async function findStoreProblems(config: Config): Promise<readonly ConfigProblem[]> {
  if (config.redisUrl === null && config.databaseUrl === null) return [];
  try {
    const opened = await openStore(config);
    try {
      return await checkStore(opened, config, createLogger('silent'));
    } finally {
      await opened.store.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
