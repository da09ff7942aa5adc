/** Cookies as they really arrive: garbled, cut off, doubled, and foreign ones among them. */
import { judge } from '../run/outcome.ts';
import { HOST } from '../visitor/site.ts';
import type { Drill } from './drill.ts';

const GARBAGE = [
  '',
  '=',
  '%',
  '%E0%A4%A',
  '"',
  '""',
  '"unclosed',
  'j:{"a":',
  's:abc',
  '\\x00\\x01',
  'null',
  'undefined',
  '[object Object]',
  'é',
  'a'.repeat(3000),
  '..',
  '-1',
  '{}',
];
const STRANGE_HEADERS = [';;;', '; =', '=x', 'a', 'a=b; ; c', ' =; a=%%%', ',,,', '__proto__=1; constructor=2'];

export const garbageCookies: Drill = {
  id: 'garbage-cookies',
  title: 'Garbage, truncated, tossed and duplicate cookies',
  does:
    'Puts garbage of the same name before and after the real cookies, in every value that parsers stumble over; sends ' +
    'garbage and cut-off values alone. Lost: somebody with the real cookies is not signed in, or an answer is a 5xx.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const { routes } = stage.system;
    const { path } = routes.whoAmI();
    const real = visitor.jar.header(HOST, path);
    const names = real.split('; ').map((pair) => pair.slice(0, pair.indexOf('=')));
    const signedOut: string[] = [];
    const broken: string[] = [];
    let tried = 0;

    async function check(label: string, cookie: string, mustKnow: boolean): Promise<void> {
      tried += 1;
      const answer = await visitor.ask(routes.whoAmI(), { cookie, dropCookies: true });
      const who = routes.who(answer);
      if (mustKnow && (who.state !== 'signed-in' || who.user !== 'ada')) signedOut.push(label);
      else if (answer.status >= 500) broken.push(label);
    }

    for (const value of GARBAGE) {
      const junk = names.map((name) => `${name}=${value}`).join('; ');
      // A header holds latin-1; this is what a browser sends for anything else.
      const sent = Buffer.from(junk).toString('latin1');
      const shown = JSON.stringify(value.slice(0, 20));
      await check(`${shown} before the real ones`, `${sent}; ${real}`, true);
      await check(`${shown} after the real ones`, `${real}; ${sent}`, true);
      await check(`${shown} alone`, sent, false);
      stage.progress(tried, GARBAGE.length * 3);
    }
    for (const header of STRANGE_HEADERS) {
      await check(`${header} before`, `${header}; ${real}`, true);
      await check(`${header} alone`, header, false);
    }
    const cut = real.split('; ').map((pair) => pair.slice(0, -5));
    await check('cut off by five characters, alone', cut.join('; '), false);
    await check('cut off by five characters, before the real ones', `${cut.join('; ')}; ${real}`, true);
    await check('the real ones twice', `${real}; ${real}`, true);
    await check('unharmed at the end', real, true);
    if (signedOut.length > 0) stage.evidence.note(`not signed in with: ${signedOut.join(' · ')}`);
    if (broken.length > 0) stage.evidence.note(`answered 5xx to: ${broken.join(' · ')}`);
    return judge(
      signedOut.length + broken.length,
      tried,
      `cookie headers were misread (${signedOut.length} signed out, ${broken.length} answered 5xx)`,
      `${tried} cookie headers read as they should be`,
    );
  },
};
