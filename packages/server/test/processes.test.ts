/** The command as real processes: it survives being killed, restarted, multiplied, and given a new key. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../src/cli/free-port.ts';
import { type Answer, assertProblem, Client } from './harness/client.ts';
import { type Command, startCommand } from './harness/process.ts';
import { OTHER_SECRET, PRODUCTION, SECRET, temporaryDirectory } from './harness/service.ts';

interface Place {
  readonly directory: string;
  readonly url: string;
  serve(
    words?: readonly string[],
    environment?: Readonly<Record<string, string>>,
    through?: readonly string[],
  ): Command;
}

/** A directory and a port; every service started here comes after the one before on the same ones. */
async function place(context: TestContext, common: Readonly<Record<string, string>> = {}): Promise<Place> {
  const directory = temporaryDirectory(context);
  const port = await freePort('127.0.0.1');
  return {
    directory,
    url: `http://127.0.0.1:${port}`,
    serve: (words = [], environment = {}, through = []) =>
      startCommand(context, ['serve', ...words], {
        directory,
        environment: { PORT: String(port), ...common, ...environment },
        through,
      }),
  };
}

const UP = /listening/;

test('ST5, ST7: development makes a key once, keeps it private, says so, and reuses it', async (context) => {
  const { directory, serve, url } = await place(context);
  const first = serve();
  const said = await first.says('people stay signed in');
  assert.match(said, /Holdfast is running at http:\/\/localhost:\d+/);
  assert.match(said, /A key for this machine was made/);
  assert.match(said, /development only/);
  const key = join(directory, 'data', 'development-key');
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory, 'data')).mode & 0o777, 0o700);
  const ada = new Client(url);
  await ada.signUp('ada@x.test');
  first.child.kill('SIGINT');
  assert.equal(await first.ended(), 0);

  const second = serve();
  assert.match(await second.says('people stay signed in'), /The key of this machine is/);
  assert.equal((await ada.validate()).valid, true);
  second.child.kill('SIGTERM');
  assert.equal(await second.ended(), 0);

  writeFileSync(key, 'damaged');
  const third = serve();
  assert.equal(await third.ended(), 78);
  assert.match(third.output(), /restore the file/);
});

test('ST11: people stay signed in when the service is killed and started again', async (context) => {
  const { serve, url } = await place(context);
  const first = serve();
  await first.says(UP);
  const ada = new Client(url);
  await ada.signUp('ada@x.test', 'correct horse 9');
  first.child.kill('SIGKILL');
  assert.equal(await first.ended(), 'SIGKILL');
  const second = serve();
  await second.says(UP);
  assert.equal((await ada.validate()).valid, true);
  const again = await new Client(url).post('/auth/sign-in', { email: 'ada@x.test', password: 'correct horse 9' });
  assert.equal(again.status, 200);
});

test('ST6, TK11: a new key in front of the old one signs nobody out; without the old one production refuses', async (context) => {
  const { serve, url } = await place(context, PRODUCTION);
  const first = serve([], { SESSION_SECRET: SECRET });
  await first.says(UP);
  const ada = new Client(url);
  await ada.signUp('ada@x.test');
  first.child.kill('SIGTERM');
  assert.equal(await first.ended(), 0);

  const refused = serve([], { SESSION_SECRET: OTHER_SECRET });
  assert.equal(await refused.ended(), 78);
  assert.match(refused.output(), /[0-9a-f]{8} \(1 session\): 1 of 1 live sessions would be signed out/);
  assert.match(refused.output(), /SESSION_SECRET=<this one>,<the old one>/);
  assert.ok(!refused.output().includes(OTHER_SECRET));

  const rotated = serve([], { SESSION_SECRET: `${OTHER_SECRET},${SECRET}` });
  await rotated.says(UP);
  assert.equal((await ada.validate()).valid, true);
  assert.doesNotMatch(rotated.output(), /different key ring/, 'the process before has ended');
  rotated.child.kill('SIGTERM');
  assert.equal(await rotated.ended(), 0);

  const accepted = serve(['--accept-sign-out'], { SESSION_SECRET: OTHER_SECRET });
  await accepted.says(UP);
  assert.match(accepted.output(), /have to sign in again/);
  assert.deepEqual(await ada.validate(), { valid: false, reason: 'unknown-key' });
});

test('development with a changed key warns loudly and starts', async (context) => {
  const { serve, url } = await place(context);
  const first = serve([], { SESSION_SECRET: SECRET });
  await first.says(UP);
  await new Client(url).signUp('ada@x.test');
  first.child.kill('SIGTERM');
  await first.ended();
  const second = serve([], { SESSION_SECRET: OTHER_SECRET });
  await second.says(UP);
  assert.match(second.output(), /"level":40[^\n]*have to sign in again/);
});

test('keys status says which keys are in use and which can go', async (context) => {
  const { serve, url, directory } = await place(context);
  const service = serve([], { SESSION_SECRET: SECRET });
  await service.says(UP);
  await new Client(url).signUp('ada@x.test');
  const environment = { SESSION_SECRET: `${OTHER_SECRET},${SECRET}` };
  const status = startCommand(context, ['keys', 'status'], { directory, environment });
  assert.equal(await status.ended(), 0);
  assert.match(status.output(), /[0-9a-f]{8} +signs +0 +no, /);
  assert.match(status.output(), /[0-9a-f]{8} +verifies +1 +when they have been back once, in 7 days/);
  assert.match(status.output(), /Live sessions in all: 1/);
  assert.ok(!status.output().includes(SECRET));
});

test('two workers share accounts, sessions, revocations and the throttle, and one killed is replaced', async (context) => {
  const { serve, url } = await place(context);
  const fleet = serve(['--workers', '2'], { SESSION_SECRET: SECRET });
  await fleet.says(UP, 2);
  await fleet.says('Holdfast is running');
  assert.doesNotMatch(fleet.output(), /different key ring/);
  const ada = new Client(url);
  await ada.signUp('ada@x.test', 'correct horse 9');
  // A connection of its own for each request, which the first process hands to the workers in turn.
  const alone = { connection: 'close' };
  for (let i = 0; i < 6; i++)
    assert.equal((await ada.post('/unified-auth/validate', undefined, alone)).json().valid, true);

  const copy = new Client(url);
  for (const [name, value] of ada.jar) copy.jar.set(name, value);
  await ada.post('/auth/sign-out', undefined, alone);
  for (let i = 0; i < 6; i++) {
    assert.deepEqual((await copy.post('/unified-auth/validate', undefined, alone)).json(), {
      valid: false,
      reason: 'signed-out',
    });
  }

  const statuses: number[] = [];
  for (let i = 0; i < 7; i++) {
    const guess = { email: 'ada@x.test', password: `guess ${i}` };
    statuses.push((await new Client(url).post('/auth/sign-in', guess, alone)).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);

  const bob = new Client(url);
  await bob.signUp('bob@x.test');
  const victim = Number(/"pid":(\d+)/.exec(fleet.output())?.[1]);
  assert.notEqual(victim, fleet.pid);
  process.kill(victim, 'SIGKILL');
  await fleet.says('starting another one');
  await fleet.says(UP, 3);
  for (let i = 0; i < 4; i++)
    assert.equal((await bob.post('/unified-auth/validate', undefined, alone)).json().valid, true);
  fleet.child.kill('SIGTERM');
  assert.equal(await fleet.ended(), 0);
});

test('a fleet whose key signs people out refuses once and ends', async (context) => {
  const { serve, url } = await place(context, PRODUCTION);
  const first = serve([], { SESSION_SECRET: SECRET });
  await first.says(UP);
  await new Client(url).signUp('ada@x.test');
  first.child.kill('SIGTERM');
  await first.ended();
  const fleet = serve(['--workers', '2'], { SESSION_SECRET: OTHER_SECRET });
  assert.equal(await fleet.ended(), 78);
  assert.equal(fleet.output().split('would be signed out').length, 2);
});

test('a stop finishes the request that is under way', async (context) => {
  const { serve, url } = await place(context);
  const service = serve([], { SESSION_SECRET: SECRET });
  await service.says(UP);
  // Hashing keeps these busy for a while; all of them have been taken in when the first is answered.
  const answers = Array.from({ length: 6 }, (_, i) =>
    new Client(url).post('/auth/sign-up', { email: `u${i}@x.test`, password: 'correct horse 9' }),
  );
  await Promise.race(answers);
  service.child.kill('SIGTERM');
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual(statuses, [201, 201, 201, 201, 201, 201]);
  assert.equal(await service.ended(), 0);
});

test('a configuration that cannot work ends with 78 and all problems, a wrong command with 64', async (context) => {
  const directory = temporaryDirectory(context);
  const bad = startCommand(context, ['serve'], {
    directory,
    environment: { NODE_ENV: 'production', PORT: 'x', SESION_SECRET: SECRET },
  });
  assert.equal(await bad.ended(), 78);
  for (const name of ['PORT', 'SESSION_SECRET', 'PUBLIC_URL', 'ALLOWED_HOSTS'])
    assert.match(bad.output(), new RegExp(`  ${name}: `));
  assert.match(bad.output(), /did you mean SESSION_SECRET/);
  for (const words of [['bogus'], ['serve', '--workers', '0'], ['serve', '--nope'], ['keys', 'bogus']]) {
    const wrong = startCommand(context, words, { directory, environment: {} });
    assert.equal(await wrong.ended(), 64, words.join(' '));
  }
});

test('a port that is taken is a sentence and status 1', async (context) => {
  const { serve } = await place(context);
  await serve([], { SESSION_SECRET: SECRET }).says(UP);
  const second = serve([], { SESSION_SECRET: SECRET });
  assert.equal(await second.ended(), 1);
  assert.match(second.output(), /the port is taken by another process; set PORT/);
});

test('a data directory that cannot be used is a sentence that says which and what to do', async (context) => {
  const { directory, serve } = await place(context);
  writeFileSync(join(directory, 'file'), '');
  const inFile = serve([], { DATA_DIR: join(directory, 'file', 'data') });
  assert.equal(await inFile.ended(), 78);
  assert.match(inFile.output(), /DATA_DIR: .*file\/data is not a directory.*\n {4}fix: set DATA_DIR/);
  const unmounted = serve([], { DATA_DIR: join(directory, 'mount', 'data') });
  assert.equal(await unmounted.ended(), 78);
  assert.match(unmounted.output(), /DATA_DIR: .*does not exist.*\n {4}fix: mount or create .*mount, or set/);
  const isFile = serve([], { DATA_DIR: join(directory, 'file') });
  assert.equal(await isFile.ended(), 78);
  const open = join(directory, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  await serve([], { DATA_DIR: open }).says(UP);
  assert.equal(statSync(open).mode & 0o777, 0o700, 'ST7: repaired');
});

test('when the disk fills up people stay signed in, writes answer 503 and say so, and nothing that was answered is lost', async (context) => {
  const { serve, url } = await place(context);
  // A limit on the size of files is what a full disk looks like to SQLite, without filling a disk.
  const limited = ['bash', '-c', 'ulimit -f 400 && exec "$@"', '--'];
  const full = serve([], { SESSION_SECRET: SECRET }, limited);
  await full.says(UP);
  const ada = new Client(url);
  await ada.signUp('ada@x.test');
  const made: Client[] = [];
  let refusal: Answer | null = null;
  for (let i = 0; i < 100 && refusal === null; i++) {
    const person = new Client(url);
    const answer = await person.post('/auth/sign-up', { email: `u${i}@x.test`, password: 'correct horse 9' });
    if (answer.status === 201) made.push(person);
    else refusal = answer;
  }
  assert.ok(refusal !== null && made.length > 0);
  assertProblem(refusal, 503, 'store-unreachable');
  assert.match(refusal.headers.get('retry-after') ?? '', /^[1-9]/);
  assert.deepEqual(refusal.setCookie, []);
  assert.equal((await ada.validate()).valid, true);
  assert.match(full.output(), /did not answer/);
  full.child.kill('SIGKILL');
  await full.ended();

  await serve([], { SESSION_SECRET: SECRET }).says(UP);
  for (const person of [ada, ...made]) assert.equal((await person.validate()).valid, true);
});

test('ST5: a process whose ring differs from that of one that runs says so', async (context) => {
  const { serve } = await place(context);
  await serve([], { SESSION_SECRET: SECRET }).says(UP);
  const other = serve([], { SESSION_SECRET: `${OTHER_SECRET},${SECRET}`, PORT: '0' });
  await other.says(UP);
  assert.match(other.output(), /"level":40[^\n]*different key ring/);
});
