/** A person opens more tabs. */
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const TABS = 5;

export const secondTab: Drill = {
  id: 'second-tab',
  title: 'Second tab',
  does: 'Signs in in one tab of Chromium and opens five more. Lost: a tab that is not signed in.',
  async run(stage) {
    await stage.system.start();
    await stage.visitor().signUp('ada');
    const browser = await stage.browser('profile');
    await browser.send(stage.system.routes.signIn('ada'));
    let lost = 0;
    for (let i = 0; i < TABS; i++) {
      const who = await browser.who('new-tab');
      if (who.state !== 'signed-in' || who.user !== 'ada') lost += 1;
      stage.progress(i + 1, TABS);
    }
    const first = await browser.who('reload');
    if (first.state !== 'signed-in') lost += 1;
    return judge(lost, TABS + 1, 'tabs were not signed in', `${TABS} new tabs and the first one, all signed in`);
  },
};
