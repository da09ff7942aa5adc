/** A person closes the browser and opens it again. */
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

export const browserRestart: Drill = {
  id: 'browser-restart',
  title: 'Browser restart',
  does: 'Signs in, closes Chromium, and opens it again with the same profile, three times. Lost: not signed in then.',
  async run(stage) {
    await stage.system.start();
    await stage.visitor().signUp('ada');
    let browser = await stage.browser('profile');
    await browser.send(stage.system.routes.signIn('ada'));
    const before = await browser.who('first-tab');
    const times = stage.rounds(3, 1);
    let lost = before.state === 'signed-in' ? 0 : 1;
    if (lost > 0) stage.evidence.note('not even the page right after signing in was signed in');
    for (let i = 0; i < times; i++) {
      await browser.close();
      browser = await stage.browser('profile');
      const who = await browser.who('first-tab');
      if (who.state !== 'signed-in' || who.user !== 'ada') lost += 1;
      stage.progress(i + 1, times);
    }
    return judge(lost, times + 1, 'looks were not signed in', `${times} restarts, signed in after each`);
  },
};
