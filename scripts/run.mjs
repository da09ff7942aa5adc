/**
 * Runs a command of this repository on a bare clone: installs what is missing, then hands over to the repository's own
 * Node. Plain JavaScript without dependencies, because it is all that runs on the machine's Node (18.19 or newer).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const WANTED_MAJOR = 24;

/** Nine minutes for a single test, a minute less than its whole file has (`file-deadline.ts`), so that it is named. */
const TEST_TIMEOUT_MS = 540_000;

const TEST_FILES = [
  'packages/*/test/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/test/**/*.test.ts',
  'bench/test/**/*.test.ts',
];

/** Each command as the argument lists given to Node one after the other; the first failure ends the command. */
const COMMANDS = {
  start: (args) => [['scripts/build-console.ts'], ['packages/server/src/cli/main.ts', 'serve', ...args]],
  holdfast: (args) => [['packages/server/src/cli/main.ts', ...args]],
  test: (args) => [['scripts/prepare-tests.ts'], ['scripts/build-console.ts'], testRun(args)],
  survival: (args) => [['scripts/prepare-tests.ts'], ['scripts/build-console.ts'], ['survival/main.ts', ...args]],
  example: ([name = 'node-http']) => [[`examples/${name}/main.ts`]],
  check: (args) => [['scripts/check.ts', ...args]],
  build: (args) => [['scripts/build.ts', ...args]],
  docs: (args) => [['scripts/docs.ts', ...args]],
  lockfile: (args) => [['scripts/lockfile.ts', '--write', ...args]],
  bench: (args) => [['--disable-warning=ExperimentalWarning', 'bench/main.ts', ...args]],
  format: (args) => [
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', ...(args.length > 0 ? args : ['.'])],
  ],
};

/** Options go to Node's test runner as they are; anything else names the test files to run instead of all. */
function testRun(args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const files = args.filter((arg) => !arg.startsWith('-'));
  return [
    '--import=./scripts/file-deadline.ts',
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/whole-run-reporter.ts',
    '--test-reporter-destination=stderr',
    ...options,
    ...(files.length > 0 ? files : TEST_FILES),
  ];
}

/**
 * What keeps the installed packages from being those of the lockfile; null when they are. npm writes its own account of
 * what it installed as the very last step, so an interrupted install never looks complete.
 */
export function whyInstall(root) {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return 'the dependencies are not installed yet';
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(installedLock);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !path.includes('node_modules/')) continue;
    const found = installed[path];
    if (found === undefined) {
      // Packages for other platforms stay away.
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${path.slice(path.lastIndexOf('node_modules/') + 13)} is missing`;
    }
    if (found.version !== entry.version || (found.integrity ?? '') !== (entry.integrity ?? '')) {
      return `${path.slice(path.lastIndexOf('node_modules/') + 13)} is another version than package-lock.json says`;
    }
  }
  return null;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** The environment for npm: without this repository's binaries, which `npm ci` is about to remove under its own feet. */
function npmEnvironment() {
  const own = resolve(ROOT, 'node_modules');
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !resolve(folder).startsWith(own))
    .join(delimiter);
  return { ...process.env, PATH };
}

function install(reason) {
  process.stderr.write(`holdfast: ${reason}; running npm ci, which takes about a minute.\n`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Warnings are left out because one is certain and means nothing here: the packages ask for Node 24, which this very
  // install brings, while npm itself runs on the machine's Node.
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    env: npmEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.error) fail(`npm could not be run (${result.error.message}). Install npm and try again.`);
  if (result.status !== 0) fail('npm ci failed; what it said is above. Nothing was started.', result.status ?? 1);
}

/** The repository's Node, or the machine's when that is new enough and install scripts are switched off. */
function nodeBinary() {
  const own = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(own)) return own;
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath;
  return fail(
    `Node ${WANTED_MAJOR} is not in node_modules, because npm did not run its install script. ` +
      'Run: npm rebuild node --ignore-scripts=false',
  );
}

function fail(sentence, status = 1) {
  process.stderr.write(`holdfast: ${sentence}\n`);
  process.exit(status);
}

/** Test files are processes that start others: with what was compiled before, a start costs half of the processor time. */
function environmentOf(name) {
  if (name !== 'test') return process.env;
  return { NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'node'), ...process.env };
}

/** Runs one step to its end with our own streams; answers its exit code, or dies of the signal that it died of. */
function runStep(node, args, env) {
  return new Promise((done) => {
    const child = spawn(node, ['-C', 'holdfast-source', ...args], { cwd: ROOT, env, stdio: 'inherit' });
    // A terminal sends Ctrl-C to the child as well: passing it on would count as the second, impatient one.
    const onSignal = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, onSignal);
    const stopWatching = onLostShell(() => child.kill('SIGTERM'));
    child.on('error', (error) => fail(`${node} could not be run: ${error.message}`));
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, onSignal);
      stopWatching();
      if (signal === null) done(code ?? 1);
      else process.kill(process.pid, signal);
    });
  });
}

/**
 * Under `npm run` a shell stands between npm and us. npm passes a signal on to it, and it dies without passing it to us:
 * that our parent is another one now is all we get to know. Answers how to stop looking.
 */
function onLostShell(react) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    react();
  }, 250);
  return () => clearInterval(timer);
}

async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : null;
  if (command === null) fail(`there is no command ${name ?? ''}; there are: ${Object.keys(COMMANDS).join(', ')}.`);
  const reason = whyInstall(ROOT);
  if (reason !== null) install(reason);
  const node = nodeBinary();
  for (const step of command(args)) {
    const code = await runStep(node, step, environmentOf(name));
    if (code !== 0) process.exit(code);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2));
}
