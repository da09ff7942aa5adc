/** Somebody who has a page on another host below the same domain. */
import { judge } from '../run/outcome.ts';
import { HOST, SIBLING } from '../visitor/site.ts';
import type { Drill, Stage } from './drill.ts';

type Person = ReturnType<Stage['visitor']>;

export const sibling: Drill = {
  id: 'sibling',
  title: 'Sibling sub-domain attacks',
  does:
    'A page on a sibling host sets cookies for the whole domain with the names of the system’s: garbage, an expired copy, ' +
    'and the cookies of its own account, under / and under the page’s path. Then it floods the jar. Lost: the visitor is ' +
    'signed out, or signed in as the attacker.',
  async run(stage) {
    await stage.system.start();
    const mallory = stage.visitor();
    await mallory.signIn('mallory');
    const { path } = stage.system.routes.whoAmI();
    const hers = pairs(mallory, path);
    const losses: string[] = [];
    let tried = 0;

    async function attack(name: string, lines: (names: readonly string[]) => readonly string[]): Promise<void> {
      tried += 1;
      const visitor = stage.visitor();
      await visitor.signInAgain('ada');
      const tossed = lines(pairs(visitor, path).map(([cookie]) => cookie));
      const before = visitor.jar.header(HOST, path);
      visitor.jar.keep(SIBLING, '/', tossed);
      const kept = visitor.jar.header(HOST, path) !== before;
      const who = await visitor.whoAmI();
      const verdict = who.state === 'signed-in' ? who.user : who.state;
      stage.evidence.note(
        `${name}: the browser ${kept ? 'keeps them' : 'refuses them'}; then the visitor is ${verdict}`,
      );
      if (verdict !== 'ada') losses.push(`${name}: ${verdict}`);
    }

    await stage.visitor().signUp('ada');
    for (const scope of ['/', path.split('?')[0] ?? '/']) {
      const attributes = `Domain=example.test; Path=${scope}; Secure`;
      await attack(`garbage under ${scope}`, (names) => names.map((name) => `${name}=garbage; ${attributes}`));
      await attack(`deletion under ${scope}`, (names) => names.map((name) => `${name}=; Max-Age=0; ${attributes}`));
      await attack(`her own session under ${scope}`, () =>
        hers.map(([name, value]) => `${name}=${value}; ${attributes}`),
      );
    }
    await attack('200 junk cookies', () =>
      Array.from({ length: 200 }, (_, i) => `junk${i}=${'x'.repeat(20)}; Domain=example.test; Path=/; Secure`),
    );
    return judge(losses.length, tried, `attacks worked (${losses.join('; ')})`, `${tried} attacks, none worked`);
  },
};

function pairs(visitor: Person, path: string): [string, string][] {
  const header = visitor.jar.header(HOST, path);
  return header.split('; ').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
}
