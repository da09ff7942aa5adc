/** Requests that spread over all processes of a system, and requests that stick to one. */
import { keptConnection } from '../http/client.ts';
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const EACH = 30;
/** Several at once, because a system whose processes are all idle may leave everything to one of them. */
const AT_ONCE = 10;

export const connections: Drill = {
  id: 'connections',
  title: 'Fresh and kept connections',
  does:
    'Signs in once, then asks 30 times on fresh connections, which reach every worker, and 30 times on one that is kept, ' +
    'which reaches one. Lost: an answer that does not know the person.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const lost = { fresh: 0, kept: 0 };
    for (let i = 0; i < EACH; i += AT_ONCE) {
      const asked = Array.from({ length: AT_ONCE }, () => visitor.isKnownAs('ada'));
      lost.fresh += (await Promise.all(asked)).filter((known) => !known).length;
      stage.progress(i + AT_ONCE, EACH * 2);
    }
    const agent = keptConnection();
    stage.afterwards(() => agent.destroy());
    for (let i = 0; i < EACH; i++) {
      if (!(await visitor.isKnownAs('ada', { agent }))) lost.kept += 1;
      stage.progress(EACH + i + 1, EACH * 2);
    }
    stage.evidence.note(
      `fresh connections: ${lost.fresh} of ${EACH} lost; one kept connection: ${lost.kept} of ${EACH} lost`,
    );
    return judge(
      lost.fresh + lost.kept,
      EACH * 2,
      `answers did not know the person (${lost.fresh} on fresh connections, ${lost.kept} on a kept one)`,
      `${EACH} fresh and ${EACH} kept, ${stage.system.workers === 1 ? 'one process' : `${stage.system.workers} processes`}`,
    );
  },
};
