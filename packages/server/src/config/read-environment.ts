/** Collects the settings: the process's environment over a `.env` file, and `X_FILE` in place of X. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { ConfigProblem } from './config.ts';
import { type EnvironmentText, SETTINGS, type SettingName } from './environment.ts';
import { similarName } from './similar-names.ts';

/** The texts found, what is wrong with them, and what is merely odd. */
export interface EnvironmentReading {
  readonly texts: EnvironmentText;
  readonly problems: readonly ConfigProblem[];
  /** Sentences for a person. */
  readonly warnings: readonly string[];
}

type Names = Readonly<Record<string, string | undefined>>;

const NAMES: readonly SettingName[] = SETTINGS.map(([name]) => name);
const KNOWN: readonly string[] = NAMES.flatMap((name) => [name, `${name}_FILE`]);

/** Reads the environment. `directory` is where a `.env` file may lie; in production there is none. */
export function readEnvironment(environment: Names, directory: string): EnvironmentReading {
  const problems: ConfigProblem[] = [];
  const file = environment.NODE_ENV === 'production' ? {} : readDotEnv(directory, problems);
  const names: Names = { ...file, ...environment };
  const texts: Partial<Record<SettingName, string>> = {};
  for (const name of NAMES) {
    const text = readSetting(names, name, problems);
    // An empty value is what `X=` in a compose file gives: it means "not set".
    if (text !== undefined && text.trim() !== '') texts[name] = text.trim();
  }
  return { texts, problems, warnings: misspelt(names) };
}

function readDotEnv(directory: string, problems: ConfigProblem[]): Names {
  try {
    return parseEnv(readFileSync(join(directory, '.env'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    problems.push({ name: '.env', message: `the file cannot be read (${codeOf(error)})`, fix: 'make it readable' });
    return {};
  }
}

function readSetting(names: Names, name: SettingName, problems: ConfigProblem[]): string | undefined {
  const text = names[name];
  const path = names[`${name}_FILE`];
  if (path === undefined || path === '') return text;
  if (text !== undefined && text !== '') {
    problems.push({
      name,
      message: `both ${name} and ${name}_FILE are set`,
      fix: `keep one of them`,
    });
    return text;
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push({
      name: `${name}_FILE`,
      message: `the file it names cannot be read (${codeOf(error)})`,
      fix: 'name a file that this process may read',
    });
    return undefined;
  }
}

function misspelt(names: Names): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(names)) {
    if (KNOWN.includes(name)) continue;
    const meant = similarName(name, KNOWN);
    if (meant !== null) warnings.push(`${name} is set and means nothing here; did you mean ${meant}?`);
  }
  return warnings;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
