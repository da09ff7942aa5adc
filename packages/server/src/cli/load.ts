/** Reads the configuration for a command: problems all at once and exit 78, secrets out of the environment afterwards. */
import type { Config, ConfigProblem } from '../config/config.ts';
import { prepareDataDirectory } from '../config/data-directory.ts';
import { developmentKey } from '../config/development-key.ts';
import { SETTINGS } from '../config/environment.ts';
import { type LoadedConfig, loadConfig } from '../config/resolve-config.ts';
import { complain, EXIT } from './output.ts';

/** Reads and checks the settings. */
export function loadForCommand(): LoadedConfig {
  const loaded = loadConfig(process.env, process.cwd());
  for (const [name, notes] of SETTINGS) {
    // Whatever prints the environment later, a crash report or a child process, shall not print the keys.
    if (notes.secret === true) {
      delete process.env[name];
      delete process.env[`${name}_FILE`];
    }
  }
  return loaded;
}

/** The data directory made ready and, in development, the key of this machine. */
export function withData(config: Config): {
  readonly config: Config;
  readonly keyPath: string | null;
  readonly keyCreated: boolean;
} {
  prepareDataDirectory(config.dataDir);
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
