/** Several tabs wake up at the moment when the short-lived credential has run out. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const TABS = 5;
const PARALLEL = 20;
const SIX_MINUTES = 360;

export const tokenExpiry: Drill = {
  id: 'token-expiry',
  title: '20 parallel requests at token expiry × 5 tabs',
  does:
    'Lets six minutes pass (the clocks of system and visitor are moved), then sends 100 requests at once from five tabs ' +
    'that share a cookie jar; ten times. Lost: an answer that is not signed in.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const rounds = stage.rounds(10);
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      if (!(await stage.passTime(SIX_MINUTES))) return notApplicable('its clock cannot be moved here');
      const asked = Array.from({ length: TABS * PARALLEL }, () => visitor.isKnownAs('ada'));
      lost += (await Promise.all(asked)).filter((known) => !known).length;
      if (!(await visitor.isKnownAs('ada'))) lost += 1;
      stage.progress(round + 1, rounds);
    }
    const clock = await stage.system.setClock(rounds * SIX_MINUTES);
    if (isApplicable(clock)) stage.evidence.note(`time passed: ${clock}`);
    const all = rounds * (TABS * PARALLEL + 1);
    return judge(lost, all, 'answers were not signed in', `${all} answers in ${rounds} rounds, all signed in`);
  },
};
