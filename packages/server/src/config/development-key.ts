/** The key of a development machine: made once, kept in the data directory, reused at every start. */
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { generateSecret, secretProblems } from 'holdfast';
import { ConfigError } from './config.ts';

/** The key, where it lies, and whether this call made it. */
export interface DevelopmentKey {
  readonly secret: string;
  readonly path: string;
  readonly created: boolean;
}

/** Reads the key, or makes it. Two processes that start at once end up with the same one. */
export function developmentKey(dataDir: string): DevelopmentKey {
  const path = join(dataDir, 'development-key');
  const known = read(path);
  if (known !== null) return { secret: known, path, created: false };
  const secret = generateSecret();
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // A link appears whole or not at all and never replaces: whoever comes second reads the winner's key.
    linkSync(draft, path);
    return { secret, path, created: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return { secret: read(path) ?? secret, path, created: false };
  } finally {
    unlinkSync(draft);
  }
}

function read(path: string): string | null {
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const [problem] = secretProblems(secret);
  if (problem === undefined) return secret;
  // Making another one in its place would sign everybody out without a word.
  throw new ConfigError([
    {
      name: path,
      message: `the development key is damaged: ${problem}`,
      fix: 'restore the file, or remove it and sign in again',
    },
  ]);
}
