/** Answers that never arrive: a tunnel, a closed lid, a crashed browser. */
import { NoAnswer } from '../http/client.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const SIX_MINUTES = 360;

export const lostResponses: Drill = {
  id: 'lost-responses',
  title: 'Lost responses',
  does:
    'Each time the short-lived credential has run out, the answer that renews it is lost: the connection breaks off, or ' +
    'the cookies never reach the jar; 20 times. Lost: not signed in at the next request that gets through.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const rounds = stage.rounds(20);
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      if (!(await stage.passTime(SIX_MINUTES))) return notApplicable('its clock cannot be moved here');
      await visitor.whoAmI({ dropCookies: true });
      await visitor.ask(stage.system.routes.whoAmI(), { hangUp: true, dropCookies: true }).catch((error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
      });
      await visitor.whoAmI({ dropCookies: true });
      // Every third time nothing gets through until the next round.
      if (round % 3 !== 2 && !(await visitor.isKnownAs('ada'))) lost += 1;
      stage.progress(round + 1, rounds);
    }
    if (!(await visitor.isKnownAs('ada'))) lost += 1;
    return judge(lost, rounds, 'lost answers signed the person out', `${rounds * 3} answers lost, still signed in`);
  },
};
