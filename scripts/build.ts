/** Builds what is published: JavaScript and declarations per package, the pages, and the licence beside each. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** In the order of their dependencies: the service compiles against the library as it is published. */
const PACKAGES = ['holdfast', 'server'];

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(['-C', 'holdfast-source', 'scripts/build-console.ts']);
for (const name of PACKAGES) {
  const folder = join(ROOT, 'packages', name);
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  run(['node_modules/typescript/bin/tsc', '-p', join(folder, 'tsconfig.build.json')]);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}
cpSync(join(ROOT, 'packages', 'console', 'dist'), join(ROOT, 'packages', 'server', 'dist', 'console'), {
  recursive: true,
});
