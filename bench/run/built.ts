/**
 * The service and the library as they are published: as JavaScript. Node can run the sources as they are, but keeps its
 * compiler in memory then, which nobody who installs the packages has there.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

/** Below the repository, so that the packages find their dependencies; ignored by git. */
const FOLDER = '.cache/bench/node_modules';
const PACKAGES = { holdfast: 'packages/holdfast', 'holdfast-server': 'packages/server' } as const;

/** Where the command of the service will be, seen from the root of the repository. */
export const SERVICE_PROGRAM: string = `${FOLDER}/holdfast-server/dist/cli/main.js`;

/** Made anew for each run, so that never an older state of the sources is measured. */
export function buildPackages(root: string): void {
  rmSync(join(root, FOLDER), { recursive: true, force: true });
  for (const [name, from] of Object.entries(PACKAGES)) {
    const to = join(root, FOLDER, name);
    const sources = join(root, from, 'src');
    for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const target = join(to, 'dist', file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, toJavaScript(readFileSync(join(sources, file), 'utf8')));
    }
    cpSync(join(root, from, 'package.json'), join(to, 'package.json'));
  }
}

/** Relative imports name the sources, and the compiler would rewrite them the same way. */
function toJavaScript(source: string): string {
  return stripTypeScriptTypes(source).replace(/((?:from|import)\s*\(?\s*'\.[^']*)\.ts'/g, "$1.js'");
}
