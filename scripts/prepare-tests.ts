/** Brings what the tests need beyond npm packages: a browser and real servers, from the system's packages where possible. */
import { installPackages } from './install-packages.ts';
import { findExecutable, NEEDED_PROGRAMS, type NeededProgram } from './needed-programs.ts';

export { findChromium, findExecutable } from './needed-programs.ts';

/** Those of the programs that are not on this machine. */
export function missingPrograms(
  environment: NodeJS.ProcessEnv,
  programs: readonly NeededProgram[] = NEEDED_PROGRAMS,
): readonly NeededProgram[] {
  return programs.filter(({ find }) => find(environment) === null);
}

/** What to do about programs that are missing, for people. */
export function howToInstall(missing: readonly NeededProgram[]): string {
  const names = listing(missing.map(({ name }) => name));
  const packages = missing.map((program) => program.package).join(' ');
  const variables = missing.flatMap(({ variable }) => (variable === null ? [] : [variable]));
  const elsewhere = variables.length === 0 ? '' : `, or say where it is by ${listing(variables)}`;
  return (
    `holdfast: the tests drive a real browser and real servers, and ${names} ${missing.length === 1 ? 'is' : 'are'} ` +
    `missing. Install what is missing (Debian and Ubuntu: sudo apt-get install ${packages})${elsewhere}, and run ` +
    'npm test again. Nothing was run, because a test that is skipped proves nothing.\n'
  );
}

function listing(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Installs by apt-get when this process may. */
function install(missing: readonly NeededProgram[]): void {
  const apt = findExecutable(['apt-get'], process.env.PATH ?? '');
  if (apt === null || process.getuid?.() !== 0) return;
  const names = listing(missing.map(({ name }) => name));
  process.stderr.write(`holdfast: the tests need ${names}; installing from the system packages.\n`);
  installPackages(
    apt,
    missing.map((program) => program.package),
  );
}

if (import.meta.main) {
  const missing = missingPrograms(process.env);
  if (missing.length > 0) install(missing);
  const stillMissing = missingPrograms(process.env);
  if (stillMissing.length > 0) {
    process.stderr.write(howToInstall(stillMissing));
    process.exit(1);
  }
}
