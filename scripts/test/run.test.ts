/** The bootstrap: when it installs, what it passes on, and how it ends. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isStale } from '../build-console.ts';
import { findChromium } from '../prepare-tests.ts';
import { folderWith } from './fixture.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const LOCK = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '1.0.0', optional: true },
  },
};

/** A repository whose command `holdfast` is the given program, on the Node that runs this test. */
function repositoryWith(t: TestContext, program: string, installed: unknown = LOCK): string {
  const root = folderWith(t, {
    'package-lock.json': JSON.stringify(LOCK),
    'node_modules/.package-lock.json': JSON.stringify(installed),
    'packages/server/src/cli/main.ts': program,
  });
  if (installed === null) rmSync(join(root, 'node_modules', '.package-lock.json'));
  mkdirSync(join(root, 'scripts'));
  cpSync(join(ROOT, 'scripts', 'run.mjs'), join(root, 'scripts', 'run.mjs'));
  mkdirSync(join(root, 'node_modules', 'node', 'bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules', 'node', 'bin', 'node'));
  return root;
}

/** The environment without what a test run sets in it; with that, an inner run would report to the outer one. */
function outsideOfTests(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return environment;
}

function run(root: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    encoding: 'utf8',
    env: environment,
  });
}

test('arguments, streams and the exit code pass through, and the sources run with the source condition', (t) => {
  const program = 'console.log(JSON.stringify([process.argv.slice(2), process.execArgv]));\nprocess.exitCode = 78;\n';
  const { status, stdout, stderr } = run(repositoryWith(t, program), ['holdfast', 'serve', '--workers', '2']);
  assert.deepEqual(JSON.parse(stdout), [
    ['serve', '--workers', '2'],
    ['-C', 'holdfast-source'],
  ]);
  assert.equal(stderr, '');
  assert.equal(status, 78);
});

test('a signal reaches the program, which ends in its own way', async (t) => {
  const program = "process.on('SIGTERM', () => process.exit(7));\nsetInterval(() => {}, 1000);\nconsole.log('up');\n";
  const child = spawn(process.execPath, [join(repositoryWith(t, program), 'scripts', 'run.mjs'), 'holdfast'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});

test('when npm was told to stop and its shell is gone, the program is stopped as well', async (t) => {
  const program =
    "process.on('SIGTERM', () => { console.log('stopped'); process.exit(); });\nsetInterval(() => {}, 1000);\nconsole.log('up');\n";
  const bootstrap = join(repositoryWith(t, program), 'scripts', 'run.mjs');
  // With something left to do after it, no shell replaces itself by the command.
  const shell = spawn('sh', ['-c', `"${process.execPath}" "${bootstrap}" holdfast; true`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  await once(shell.stdout, 'data');
  shell.kill('SIGTERM');
  const [rest] = await once(shell.stdout, 'data');
  assert.equal(String(rest), 'stopped\n');
});

test('a program that dies of a signal takes the bootstrap along with the same signal', (t) => {
  const { status, signal } = run(repositoryWith(t, "process.kill(process.pid, 'SIGKILL');\n"), ['holdfast']);
  assert.deepEqual([status, signal], [null, 'SIGKILL']);
});

test('an unknown command names those that exist', (t) => {
  const { status, stderr } = run(repositoryWith(t, ''), ['toString']);
  assert.equal(status, 1);
  assert.match(stderr, /there is no command toString; there are: start, /);
});

for (const [what, installed, wanted] of [
  ['nothing is installed', null, /the dependencies are not installed yet/],
  ['a package is missing', { packages: {} }, /a is missing/],
  ['a package has another version', { packages: { 'node_modules/a': { version: '0.9.0' } } }, /a is another version/],
] as const) {
  test(`npm ci runs when ${what}, and its failure stops the command`, (t) => {
    const root = repositoryWith(t, "console.log('must not run');\n", installed);
    const bin = folderWith(t, { npm: '#!/bin/sh\necho "npm $*"\nexit 3\n' });
    spawnSync('chmod', ['+x', join(bin, 'npm')]);
    const { status, stdout, stderr } = run(root, ['holdfast'], { ...process.env, PATH: `${bin}:/usr/bin:/bin` });
    assert.match(stderr, wanted);
    assert.match(stderr, /npm ci failed; what it said is above/);
    assert.equal(stdout, 'npm ci --no-audit --no-fund --loglevel=error\n');
    assert.equal(status, 3);
  });
}

test('the pages are built when they are missing or older than a source', (t) => {
  const root = folderWith(t, { 'dist/index.html': '', 'src/deep/a.ts': '' });
  const [output, sources] = [join(root, 'dist', 'index.html'), [join(root, 'src')]];
  utimesSync(output, 2000, 2000);
  utimesSync(join(root, 'src', 'deep', 'a.ts'), 1000, 1000);
  assert.equal(isStale(output, sources), false);
  utimesSync(join(root, 'src', 'deep', 'a.ts'), 3000, 3000);
  assert.equal(isStale(output, sources), true);
  assert.equal(isStale(join(root, 'dist', 'gone.html'), sources), true);
});

test('Chromium is the one that CHROMIUM names, or the first on the PATH', (t) => {
  const bin = folderWith(t, { chromium: '', other: '', plain: '' });
  spawnSync('chmod', ['+x', join(bin, 'chromium'), join(bin, 'other')]);
  assert.equal(findChromium({ PATH: `/nowhere:${bin}` }), join(bin, 'chromium'));
  assert.equal(findChromium({ PATH: bin, CHROMIUM: join(bin, 'other') }), join(bin, 'other'));
  assert.equal(findChromium({ PATH: bin, CHROMIUM: join(bin, 'plain') }), null);
  assert.equal(findChromium({ PATH: '/nowhere' }), null);
});

test('a test file that hangs is ended, and fails', (t) => {
  const root = folderWith(t, {
    'hangs.test.mjs': "import { test } from 'node:test';\ntest('a', () => {});\nsetInterval(() => {}, 1000);\n",
    'ends.test.mjs': "import { test } from 'node:test';\ntest('b', () => {});\n",
  });
  const environment = { ...outsideOfTests(), HOLDFAST_TEST_FILE_MS: '1500' };
  const args = [`--import=${join(ROOT, 'scripts', 'file-deadline.ts')}`, '--test', '--test-reporter=tap', '*.test.mjs'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: environment });
  assert.equal(status, 1);
  assert.match(stdout, /hangs\.test\.mjs did not end within 1\.5 s; kept alive by: .*Timeout/);
  assert.match(stdout, /^not ok .*hangs\.test\.mjs/m);
  assert.match(stdout, /^ok .* b$/m);
});

test('a run that skips a test, or has none, fails', (t) => {
  const root = folderWith(t, {
    'whole.test.mjs': "import { test } from 'node:test';\ntest('a', () => {});\n",
    'skips.test.mjs': "import { test } from 'node:test';\ntest('a', () => {});\ntest.skip('b', () => {});\n",
    'todo.test.mjs': "import { test } from 'node:test';\ntest.todo('c', () => {});\n",
  });
  const reporter = join(ROOT, 'scripts', 'whole-run-reporter.ts');
  const environment = outsideOfTests();
  const outcome = (file: string) => {
    const args = ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: environment });
    return [status, stdout.trim()];
  };
  assert.deepEqual(outcome('whole.test.mjs'), [0, '']);
  assert.deepEqual(outcome('skips.test.mjs'), [
    1,
    'holdfast: 1 tests were skipped, which this repository does not allow: b',
  ]);
  assert.deepEqual(outcome('todo.test.mjs'), [
    1,
    'holdfast: 1 tests were skipped, which this repository does not allow: c',
  ]);
  assert.deepEqual(outcome('none-*.test.mjs'), [1, 'holdfast: no test ran; check the names of the files.']);
});
