/** Reads the configuration for a command: problems all at once and exit 78, secrets out of the environment afterwards. */
import { type Config, ConfigError, type ConfigProblem } from '../config/config.ts';
import { prepareDataDirectory } from '../config/data-directory.ts';
import { developmentKey } from '../config/development-key.ts';
import { SETTINGS } from '../config/environment.ts';
import { type JudgedConfig, judgeConfig, type LoadedConfig } from '../config/resolve-config.ts';
import { findStoreProblems } from '../sessions/check-store.ts';
import { complain, EXIT } from './output.ts';

/** Reads and checks the settings. Throws `ConfigError` with all problems. */
export function loadForCommand(): LoadedConfig {
  const { problems, ...loaded } = judgeForCommand();
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

/** The same for a start: where something is wrong, what is wrong with the databases is looked for too. */
export async function loadForStart(): Promise<LoadedConfig> {
  const { problems, ...loaded } = judgeForCommand();
  if (problems.length === 0) return loaded;
  throw new ConfigError([...problems, ...(await alsoWrong(loaded.config, problems))]);
}

/** Nothing is tried with settings that are known to be wrong. */
async function alsoWrong(config: Config, problems: readonly ConfigProblem[]): Promise<readonly ConfigProblem[]> {
  if (problems.some(({ name }) => /^(REDIS|DATABASE|DB)_/.test(name))) return [];
  return findStoreProblems(config);
}

function judgeForCommand(): JudgedConfig {
  const judged = judgeConfig(process.env, process.cwd());
  for (const [name, notes] of SETTINGS) {
    // Whatever prints the environment later, a crash report or a child process, shall not print the keys.
    if (notes.secret === true) {
      delete process.env[name];
      delete process.env[`${name}_FILE`];
    }
  }
  return judged;
}

/** The data directory made ready where it is used and, in development, the key of this machine. */
export function withData(config: Config): {
  readonly config: Config;
  readonly keyPath: string | null;
  readonly keyCreated: boolean;
} {
  // With accounts and sessions in databases and a key that was given, nothing is kept on this host.
  if (config.databaseUrl === null || config.secrets.length === 0) prepareDataDirectory(config.dataDir);
  if (config.secrets.length > 0) return { config, keyPath: null, keyCreated: false };
  const key = developmentKey(config.dataDir);
  return { config: { ...config, secrets: [key.secret] }, keyPath: key.path, keyCreated: key.created };
}

/** Prints every problem with its fix. */
export function reportProblems(problems: readonly ConfigProblem[]): number {
  complain(
    `holdfast cannot start: ${problems.length === 1 ? 'one thing is' : `${problems.length} things are`} wrong.\n`,
  );
  for (const { name, message, fix } of problems) complain(`  ${name}: ${message}\n    fix: ${fix}`);
  complain('\nAll settings: holdfast config');
  return EXIT.config;
}
