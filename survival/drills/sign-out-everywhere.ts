/** Many devices at once, and then none. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const DEVICES = 31;

export const signOutEverywhere: Drill = {
  id: 'sign-out-everywhere',
  title: '31 parallel sign-ins, then sign-out everywhere',
  does:
    'One person signs in on 31 devices at once; all of them have to be known. Then signs out everywhere. Lost: a device ' +
    'that was not signed in, or still is.',
  async run(stage) {
    const { routes } = stage.system;
    const plans = routes.signOutEverywhere;
    await stage.system.start();
    await stage.visitor().signUp('ada');
    const devices = Array.from({ length: DEVICES }, () => stage.visitor());
    await Promise.all(devices.map((device) => device.signInAgain('ada')));
    let unknown = 0;
    for (const device of devices) if (!(await device.isKnownAs('ada'))) unknown += 1;
    if (unknown > 0) stage.evidence.note(`${unknown} of ${DEVICES} devices were not known after signing in at once`);
    if (!isApplicable(plans)) {
      if (unknown > 0) return judge(unknown, DEVICES, 'devices were not signed in', '');
      stage.evidence.note(`all ${DEVICES} sign-ins at once were known`);
      return notApplicable(plans.notApplicable);
    }
    const copies = devices.map((device) => device.copy());
    const first = devices[0] as (typeof devices)[number];
    for (const plan of plans) {
      const { status } = await first.ask(plan);
      if (status >= 400) throw new Error(`${plan.path} was answered ${status}`);
    }
    let left = 0;
    for (const copy of copies) if ((await copy.whoAmI()).state === 'signed-in') left += 1;
    return judge(
      unknown + left,
      DEVICES,
      `devices (${unknown} not signed in at first, ${left} still signed in at the end)`,
      `${DEVICES} devices signed in at once, and out at once`,
    );
  },
};
