/** The model test of the client notices when any one of its rules is broken. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ModelRun, runOnCopy } from '../model/run-on-copy.ts';

/** One rule broken, in a copy of the sources, and the weather in which it shows. */
interface Mutation {
  readonly rule: string;
  /** Below `client`; default the machine itself. */
  readonly file?: string;
  readonly from: string;
  readonly to: string;
  readonly weather: string;
}

const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'an answer from an older epoch does not count',
    from: 'if (mine === epoch) conclude(received, sent);',
    to: 'if (mine <= epoch) conclude(received, sent);',
    weather: 'with requests that cannot be stopped',
  },
  {
    rule: 'a question that was overtaken without certainty is asked again',
    from: 'if (mine === epoch) return state;',
    to: 'if (mine <= epoch) return state;',
    weather: 'in fair weather',
  },
  {
    rule: 'the answer to an older question is not believed',
    from: 'heard = begins >= since && (',
    to: 'heard = begins > 0 && (',
    weather: 'in fair weather',
  },
  {
    rule: 'the answer of another tab counts only where its question began after this tab wanted to ask',
    from: 'if (asked && asked === heard && !command) {',
    to: 'if (asked && !command) {',
    weather: 'in fair weather',
  },
  {
    rule: 'what is learnt makes the answer of another tab old',
    from: '    heard = 0;\n    moot?.abort();',
    to: '    moot?.abort();',
    weather: 'in fair weather',
  },
  {
    rule: 'a question is asked in its turn',
    file: 'turns.ts',
    from: 'take: locks\n',
    to: 'take: locks && name === ""\n',
    weather: 'in fair weather',
  },
  {
    rule: 'a turn lasts as long as its question',
    file: 'turns.ts',
    from: '(isLate ? release() : resolve(release))',
    to: '(release(), resolve(goOn))',
    weather: 'in fair weather',
  },
  {
    rule: 'the first reason stays',
    from: "known?.status === 'signed-out' && next.status === 'signed-out' ? known : next",
    to: 'next',
    weather: 'with sessions that end elsewhere',
  },
  {
    rule: 'nobody waits for ever for a tab that is frozen',
    file: 'turns.ts',
    from: 'LONGEST_WAIT_MS = 3000',
    to: 'LONGEST_WAIT_MS = 1e12',
    weather: 'with tabs that are frozen, put away and closed',
  },
  {
    rule: 'a page that is put away gives its question up',
    from: 'if (nap !== naps || (',
    to: 'if ((',
    weather: 'with tabs that are frozen, put away and closed',
  },
  {
    rule: 'a page that comes back shows nobody until the server has answered',
    from: "if (lastKnown()?.status === 'signed-in') move(CHECKING);",
    to: '',
    weather: 'with tabs that are frozen, put away and closed',
  },
  {
    rule: 'a question waits for a command',
    from: 'while (command) await command;',
    to: '',
    weather: 'in fair weather',
  },
  {
    rule: 'a command that was overtaken gives no certainty',
    from: 'started === epoch - 1 &&',
    to: '',
    weather: 'in fair weather',
  },
  {
    rule: 'a command without certainty is settled by asking',
    from: "if (stop && !isSettled) void ask('command', true);",
    to: '',
    weather: 'in fair weather',
  },
  {
    rule: 'the end of another session is no sign-out',
    from: 'const isSame = session && session === knownSession();',
    to: "const isSame = news === 'signed-out' || (session && session === knownSession());",
    weather: 'in fair weather',
  },
  {
    rule: 'news of a sign-out outdates the question under way',
    from: '    outdate(at);\n    // Another session',
    to: '    // Another session',
    weather: 'in fair weather',
  },
  {
    rule: 'an outage heals by itself',
    from: "if (isDue) stopTimer = after(wait, () => void ask('retry', true));",
    to: '',
    weather: 'with a network that fails',
  },
  {
    rule: 'a failure is no answer',
    from: "const body = answer.kind === 'ok' ? answer.body : null;",
    to: "const body = answer.kind === 'ok' ? answer.body : { valid: false };",
    weather: 'with a network that fails',
  },
  {
    rule: 'the other tabs are told who came',
    from: 'tellNews(next.status, next.session.id);',
    to: '',
    weather: 'in fair weather',
  },
];

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-client-mutations-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function copySources(name: string): Promise<string> {
  const source = join(directory, name);
  for (const part of ['client', 'protocol']) {
    await cp(new URL(`../../src/${part}`, import.meta.url).pathname, join(source, part), { recursive: true });
  }
  return source;
}

function runModel(source: string, weather: string): Promise<ModelRun> {
  return runOnCopy(source, new URL('./agrees-with-the-server.test.ts', import.meta.url), `${weather}$`);
}

describe('one rule broken', { concurrency: 2 }, () => {
  for (const [index, { rule, file = 'create-session-client.ts', from, to, weather }] of MUTATIONS.entries()) {
    test(`the model test notices when this rule is broken: ${rule}`, async () => {
      const source = await copySources(String(index));
      const path = join(source, 'client', file);
      const text = await readFile(path, 'utf8');
      assert.equal(text.split(from).length, 2, `${file} should hold ${JSON.stringify(from)} once`);
      await writeFile(path, text.replace(from, to));
      const { code, output } = await runModel(source, weather);
      assert.notEqual(code, 0, `nobody noticed\n${output}`);
      assert.match(output, /ERR_ASSERTION/, 'it failed, but not by an assertion');
    });
  }

  test('the model test passes on an unchanged copy', async () => {
    const { code, output } = await runModel(await copySources('unchanged'), 'with all of it');
    assert.equal(code, 0, output);
    assert.match(output, /pass 1\b/, 'one weather was seen');
  });
});
