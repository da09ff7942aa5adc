/** Brings what the tests need beyond npm packages: a Chromium, from the system's packages where that is possible. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where an executable of one of the names is, looking through a PATH; null when there is none. */
export function findExecutable(names: readonly string[], path: string): string | null {
  for (const folder of path.split(delimiter)) {
    for (const name of names) {
      try {
        const file = join(folder, name);
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

/** The browser that the tests drive: the one that CHROMIUM names, or the first on the PATH. */
export function findChromium(environment: NodeJS.ProcessEnv): string | null {
  const named = environment.CHROMIUM;
  if (named !== undefined && named !== '') return findExecutable([''], named) === null ? null : named;
  return findExecutable(NAMES, environment.PATH ?? '');
}

function run(command: string, args: readonly string[]): boolean {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment });
  return status === 0;
}

function install(): boolean {
  const apt = findExecutable(['apt-get'], process.env.PATH ?? '');
  if (apt === null || process.getuid?.() !== 0) return false;
  process.stderr.write('holdfast: the browser tests need Chromium; installing it from the system packages.\n');
  const arguments_ = ['install', '-y', '-qq', '--no-install-recommends', 'chromium'];
  return run(apt, ['update', '-qq']) && run(apt, arguments_);
}

if (import.meta.main && findChromium(process.env) === null && !(install() && findChromium(process.env) !== null)) {
  process.stderr.write(
    'holdfast: the tests drive a real browser and none was found. Install Chromium (Debian and Ubuntu: ' +
      'sudo apt-get install chromium), or set CHROMIUM to the path of one, and run npm test again. ' +
      'Nothing was run, because a test that is skipped proves nothing.\n',
  );
  process.exit(1);
}
