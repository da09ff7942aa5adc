/** Somebody signs out while the page still asks and saves. */
import { isApplicable } from '../adapter.ts';
import { NoAnswer } from '../http/client.ts';
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

/** Longer than a sign-out takes, so that the writing ones end after it. */
const WRITE_MS = 15;
const SIX_MINUTES = 360;

export const signOutInFlight: Drill = {
  id: 'sign-out-in-flight',
  title: 'Sign-out while requests are in flight',
  does:
    'Signs out while two requests read and two write (where there is something to write; otherwise all four renew the ' +
    'credential), 200 times. Lost: the session is back, for the browser or for whoever has its old cookies.',
  async run(stage) {
    const { system } = stage;
    const { routes } = system;
    const values = isApplicable(routes.values) ? routes.values : null;
    await system.start();
    await stage.visitor().signUp('ada');
    const rounds = stage.rounds(200);
    const back = { browser: 0, copy: 0 };
    for (let round = 0; round < rounds; round++) {
      const visitor = stage.visitor();
      await visitor.signInAgain('ada');
      // Nothing to write: then at least every request has to renew.
      if (values === null) await stage.passTime(SIX_MINUTES);
      const copy = visitor.copy();
      const writing = [0, 1].map((i) =>
        values === null ? routes.whoAmI() : values.write(`key-${i}`, String(round), WRITE_MS),
      );
      const inFlight = [routes.whoAmI(), routes.whoAmI(), ...writing].map((plan) =>
        visitor.ask(plan).catch((error: unknown) => {
          if (!(error instanceof NoAnswer)) throw error;
        }),
      );
      await visitor.signOut();
      await Promise.all(inFlight);
      if ((await visitor.whoAmI()).state === 'signed-in') back.browser += 1;
      if ((await copy.whoAmI()).state === 'signed-in') back.copy += 1;
      stage.progress(round + 1, rounds);
    }
    stage.evidence.note(
      `back in the browser: ${back.browser}; old cookies still good: ${back.copy}; of ${rounds} rounds`,
    );
    return judge(
      Math.max(back.browser, back.copy),
      rounds,
      `sign-outs were undone (${back.browser} in the browser, ${back.copy} for a copy of the cookies)`,
      `${rounds} sign-outs with four requests in flight, none undone`,
    );
  },
};
