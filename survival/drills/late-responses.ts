/** Answers that arrive after newer ones. */
import { judge, notApplicable } from '../run/outcome.ts';
import { HOST } from '../visitor/site.ts';
import type { Drill, Stage } from './drill.ts';

const SIX_MINUTES = 360;
/** The longest one-way delay that a visitor may have, in seconds. */
const LATE = 14;

export const lateResponses: Drill = {
  id: 'late-responses',
  title: 'Late responses',
  does:
    'When the short-lived credential has run out, one answer is held back for up to 14 s and its cookies overwrite those ' +
    'of newer answers; 20 times. At the end an answer from before the sign-out arrives after it. Lost: not signed in ' +
    'although one should be, or the other way round.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const rounds = stage.rounds(20);
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      if (!(await stage.passTime(SIX_MINUTES))) return notApplicable('its clock cannot be moved here');
      const late = await heldBack(stage, visitor);
      await stage.passTime(1 + (round % LATE));
      if (!(await visitor.isKnownAs('ada'))) lost += 1;
      late();
      if (!(await visitor.isKnownAs('ada'))) lost += 1;
      stage.progress(round + 1, rounds);
    }
    await stage.passTime(SIX_MINUTES);
    const late = await heldBack(stage, visitor);
    await visitor.signOut();
    late();
    const after = await visitor.whoAmI();
    if (after.state === 'signed-in') {
      lost += 1;
      stage.evidence.note('an answer from before the sign-out brought the session back');
    }
    const all = rounds * 2 + 1;
    return judge(lost, all, 'late answers changed who is signed in', `${rounds + 1} late answers changed nothing`);
  },
};

/** Asks now; the cookies of the answer reach the jar when the function is called. */
async function heldBack(stage: Stage, visitor: ReturnType<Stage['visitor']>): Promise<() => void> {
  const plan = stage.system.routes.whoAmI();
  const answer = await visitor.ask(plan, { dropCookies: true });
  return () => visitor.jar.keep(HOST, plan.path, answer.setCookie);
}
