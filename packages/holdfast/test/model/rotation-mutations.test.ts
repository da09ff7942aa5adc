import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ModelRun, runOnCopy } from './run-on-copy.ts';

/** One rule broken, in a copy of the sources, and the model test that must notice. */
interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly also?: { readonly from: string; readonly to: string };
  readonly noticedBy: 'explored' | 'races' | 'thief';
}

const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'a young token does not confirm',
    file: 'core/rotation.ts',
    from: 'confirm: mature, rotate: mature',
    to: 'confirm: true, rotate: mature',
    noticedBy: 'explored',
  },
  {
    rule: 'a young successor does not rotate',
    file: 'core/rotation.ts',
    from: 'confirm: mature, rotate: mature',
    to: 'confirm: mature, rotate: true',
    noticedBy: 'explored',
  },
  {
    rule: 'a young current token does not rotate',
    file: 'core/rotation.ts',
    from: 'confirm: false, rotate: mature',
    to: 'confirm: false, rotate: true',
    noticedBy: 'races',
  },
  {
    rule: 'a twin within the grace period is good',
    file: 'core/rotation.ts',
    from: 'Math.abs(issuedAt - state.confirmedIssuedAt) <= GRACE_SECONDS',
    to: 'issuedAt === state.confirmedIssuedAt',
    noticedBy: 'explored',
  },
  {
    rule: 'the grace period is twice the longest delay',
    file: 'core/rotation.ts',
    from: 'GRACE_SECONDS = 30',
    to: 'GRACE_SECONDS = 15',
    noticedBy: 'explored',
  },
  {
    rule: 'any later generation is good, because a store may have lost writes',
    file: 'core/rotation.ts',
    from: 'if (generation > state.generation) {',
    to: 'if (generation === state.generation + 1) {',
    noticedBy: 'explored',
  },
  {
    rule: 'a slow answer carries no successor',
    file: 'core/grant.ts',
    from: "late && part !== 'current' ? 'keep' : part",
    to: 'part',
    noticedBy: 'explored',
  },
  {
    rule: 'a twin older than the grace period shows a copy',
    file: 'core/rotation.ts',
    from: '<= GRACE_SECONDS) {',
    to: '<= Number.POSITIVE_INFINITY) {',
    noticedBy: 'thief',
  },
  {
    rule: 'a superseded token shows a copy',
    file: 'core/rotation.ts',
    from: "return 'reused';",
    to: 'return { confirm: false, rotate: mature, regressed: false };',
    noticedBy: 'thief',
  },
  {
    rule: 'reuse ends the session',
    file: 'core/resolve.ts',
    from: 'return parts.endReused(id)',
    to: "return 'no-token'",
    noticedBy: 'thief',
  },
  {
    rule: 'a mature successor confirms',
    file: 'core/rotation.ts',
    from: 'confirm: mature, rotate: mature',
    to: 'confirm: false, rotate: mature',
    noticedBy: 'thief',
  },
  {
    rule: 'confirming is a compare-and-set',
    file: 'core/resolve.ts',
    from: 'ifVersion: record.version, ',
    to: '',
    noticedBy: 'races',
  },
  {
    rule: 'a successor goes out only when the confirmation of its parent is stored',
    file: 'core/resolve.ts',
    from: "      part = 'keep';\n",
    to: '',
    noticedBy: 'races',
  },
  {
    rule: 'beside a good access token the refresh token is not looked at',
    file: 'core/resolve.ts',
    from: 'if (byAccess.opened.length > 0)',
    to: 'if (byAccess.opened.length > 99)',
    // The same rule on the path of a single token.
    also: { from: 'if (text === undefined || access.length > 1)', to: 'if (text === undefined || access.length > 0)' },
    noticedBy: 'races',
  },
];

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-mutations-'));
});
after(() => rm(directory, { recursive: true, force: true }));

function runModel(source: string, model: Mutation['noticedBy']): Promise<ModelRun> {
  return runOnCopy(source, new URL(`./rotation-${model}.test.ts`, import.meta.url));
}

for (const [index, { rule, file, from, to, also, noticedBy }] of MUTATIONS.entries()) {
  test(`the model test notices when this rule is broken: ${rule}`, async () => {
    const source = join(directory, String(index));
    await cp(new URL('../../src', import.meta.url).pathname, source, { recursive: true });
    let text = await readFile(join(source, file), 'utf8');
    for (const edit of [{ from, to }, ...(also ? [also] : [])]) {
      assert.equal(text.split(edit.from).length, 2, `${file} should hold ${JSON.stringify(edit.from)} once`);
      text = text.replace(edit.from, edit.to);
    }
    await writeFile(join(source, file), text);
    const { code, output } = await runModel(source, noticedBy);
    assert.notEqual(code, 0, `nobody noticed\n${output}`);
    assert.match(output, /ERR_ASSERTION/, 'it failed, but not by an assertion');
  });
}

test('the model test passes on an unchanged copy', async () => {
  const source = join(directory, 'unchanged');
  await cp(new URL('../../src', import.meta.url).pathname, source, { recursive: true });
  for (const model of ['explored', 'races', 'thief'] as const) {
    const { code, output } = await runModel(source, model);
    assert.equal(code, 0, output);
  }
});
