/** Installs our packages as anybody would: built and packed into tarballs, and installed from these into an empty place. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtExit } from '../process/leftovers.ts';
import { REPOSITORY } from './repository.ts';

/** What a build needs. It runs on a copy, because others may be reading the tree that we are in. */
const SOURCES = [
  'LICENSE',
  'tsconfig.json',
  'packages/holdfast/package.json',
  'packages/holdfast/tsconfig.build.json',
  'packages/holdfast/README.md',
  'packages/holdfast/src',
  'packages/server/package.json',
  'packages/server/tsconfig.build.json',
  'packages/server/README.md',
  'packages/server/src',
];
const PAGES = 'packages/console/dist';

type Part = 'holdfast' | 'server';

/** Made once per run: they are the same for every drill. */
let packing: Promise<Readonly<Record<Part, string>>> | null = null;

/** Installs into an empty directory; answers what was done. */
export async function installOurs(directory: string, parts: readonly Part[]): Promise<string> {
  packing ??= pack();
  const tarballs = await packing;
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'machine', private: true, type: 'module' }));
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  await run('npm', ['install', ...flags, ...parts.map((part) => tarballs[part])], directory);
  return `everything but the data directory was deleted; ${parts.length} packed ${parts.length === 1 ? 'tarball' : 'tarballs'} installed with npm into an empty directory`;
}

async function pack(): Promise<Readonly<Record<Part, string>>> {
  const copy = mkdtempSync(join(tmpdir(), 'survival-build-'));
  removeAtExit(() => rmSync(copy, { recursive: true, force: true }));
  for (const path of [...SOURCES, PAGES]) cpSync(join(REPOSITORY, path), join(copy, path), { recursive: true });
  const modules = join(copy, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    const own = /^holdfast(?:-(.+))?$/.exec(name);
    const target = own === null ? join(REPOSITORY, 'node_modules', name) : join('..', 'packages', own[1] ?? 'holdfast');
    symlinkSync(target, join(modules, name));
  }
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const made: Partial<Record<Part, string>> = {};
  for (const part of ['holdfast', 'server'] as const) {
    const folder = join(copy, 'packages', part);
    await run(process.execPath, [compiler, '-p', join(folder, 'tsconfig.build.json')], copy);
    if (part === 'server') cpSync(join(copy, PAGES), join(folder, 'dist', 'console'), { recursive: true });
    cpSync(join(copy, 'LICENSE'), join(folder, 'LICENSE'));
    const said = await run('npm', ['pack', '--silent', '--pack-destination', copy], folder);
    made[part] = join(copy, said.trim().split('\n').at(-1) ?? '');
  }
  return made as Record<Part, string>;
}

function run(file: string, args: readonly string[], directory: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complained += chunk.toString();
    });
    child.once('error', (error) => reject(new Error(`${file} could not be run: ${error.message}`)));
    child.once('close', (status) => {
      if (status === 0) resolve(said);
      else reject(new Error(`${file} ${args.slice(0, 2).join(' ')} ended with ${status}:\n${said}${complained}`));
    });
  });
}
