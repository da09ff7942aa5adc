/** A form is saved and answered with a redirect, and the browser is quick. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const SLOW_MS = 20;

export const redirectBeforeSave: Drill = {
  id: 'redirect-before-save',
  title: 'Redirect that outruns the save',
  does:
    'A handler writes a value and redirects; the next page is asked for on a fresh connection as soon as the headers are ' +
    'there. Each write of the store takes up to 20 ms, as over a network; 100 times. Lost: the page does not show it, or saving was refused.',
  async run(stage) {
    const { system } = stage;
    const { values } = system.routes;
    if (!isApplicable(values)) return notApplicable(values.notApplicable);
    await system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    if (isApplicable(system.store)) {
      const { store } = system;
      await store.slow(SLOW_MS);
      stage.afterwards(() => store.slow(0));
    }
    const rounds = stage.rounds(100);
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      const value = String(round);
      let following: Promise<string | null> | null = null;
      const answer = await visitor.ask(values.writeAndRedirect('saved', value), {
        onHeaders: (_cookies, location) => {
          if (location !== undefined) following = visitor.readValue('saved');
        },
      });
      if (answer.status >= 400 || (await following) !== value) lost += 1;
      stage.progress(round + 1, rounds);
    }
    return judge(lost, rounds, 'pages did not show what was saved', `${rounds} redirects, each page shows the value`);
  },
};
