/** A person presses F5. */
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

export const f5: Drill = {
  id: 'f5',
  title: 'F5 in Chromium',
  does: 'Signs in in a real Chromium and reloads the page 30 times. Lost: a reload that is not signed in.',
  async run(stage) {
    await stage.system.start();
    await stage.visitor().signUp('ada');
    const browser = await stage.browser('profile');
    await browser.send(stage.system.routes.signIn('ada'));
    await browser.who('first-tab');
    const rounds = stage.rounds(30);
    let lost = 0;
    for (let i = 0; i < rounds; i++) {
      const who = await browser.who('reload');
      if (who.state !== 'signed-in' || who.user !== 'ada') lost += 1;
      stage.progress(i + 1, rounds);
    }
    return judge(lost, rounds, 'reloads were not signed in', `${rounds} reloads, all signed in`);
  },
};
