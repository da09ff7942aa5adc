/** Everything that must hold before a change is good (`npm run check`): one step after the other, stopping at the first that fails. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

interface Step {
  readonly name: string;
  /** Arguments for Node. */
  readonly run: readonly string[];
  /** What to do when it fails. */
  readonly hint: string;
}

const tool = (path: string): string => join('node_modules', path);
const own = (script: string): readonly string[] => ['-C', 'holdfast-source', join('scripts', script)];
const tsc = tool('typescript/bin/tsc');
const biome = tool('@biomejs/biome/bin/biome');

const STEPS: readonly Step[] = [
  { name: 'format', run: [biome, 'format', '.'], hint: 'npm run format writes the layout for you' },
  { name: 'lint', run: [biome, 'check', '--error-on-warnings', '.'], hint: 'npm run format mends what can be mended' },
  { name: 'types', run: [tsc, '-p', 'tsconfig.json'], hint: 'the first error is usually the cause of the rest' },
  {
    name: 'web types',
    run: [tsc, '-p', 'tsconfig.web.json', '--noEmit'],
    hint: 'core and protocol run outside Node as well: use no Node types there',
  },
  {
    name: 'imports',
    run: own('check-imports.ts'),
    hint: 'the table is in ARCHITECTURE.md and scripts/import-rules.ts',
  },
  { name: 'exports', run: own('check-exports.ts'), hint: 'npm run docs writes the list of public names' },
  { name: 'docs', run: own('check-docs.ts'), hint: 'npm run docs writes the generated pages' },
  { name: 'lockfile', run: own('lockfile.ts'), hint: 'npm run lockfile completes it' },
  { name: 'unused', run: [tool('knip/bin/knip.js'), '--no-progress'], hint: 'delete what nothing uses' },
  { name: 'bundles', run: own('check-bundles.ts'), hint: 'what browsers load stays small; strings cost most' },
  { name: 'build', run: own('build.ts'), hint: 'each package has its own tsconfig.build.json' },
  ...['packages/holdfast', 'packages/server'].flatMap((folder) => [
    {
      name: `publishing ${folder}`,
      run: [tool('publint/src/cli.js'), 'run', folder, '--strict'],
      hint: 'the package.json of the package does not fit what it ships',
    },
    {
      name: `published types of ${folder}`,
      run: [tool('@arethetypeswrong/cli/dist/index.js'), '--pack', folder, '--profile', 'esm-only', '--quiet'],
      hint: 'someone who installs the package would get wrong types',
    },
  ]),
  { name: 'tests', run: ['scripts/run.mjs', 'test'], hint: 'npm test -- <file> runs one file' },
];

/** The steps whose names contain one of the words; all without words. */
function chosen(words: readonly string[]): readonly Step[] {
  return words.length === 0 ? STEPS : STEPS.filter(({ name }) => words.some((word) => name.includes(word)));
}

for (const { name, run, hint } of chosen(process.argv.slice(2))) {
  process.stdout.write(`\n▶ ${name}\n`);
  const { status } = spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`\n✖ ${name} failed; what it said is above. Hint: ${hint}.\n`);
    process.exit(status ?? 1);
  }
}
process.stdout.write('\n✔ all checks passed\n');
