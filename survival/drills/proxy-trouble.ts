/** A proxy in front that handles Set-Cookie wrongly. */
import { createServer, request } from 'node:http';
import { freePort } from '../process/free-port.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill, Stage } from './drill.ts';

const SIX_MINUTES = 360;

type Fault = (lines: readonly string[]) => readonly string[];

export const proxyFolds: Drill = {
  id: 'proxy-folds',
  title: 'Proxy that folds Set-Cookie',
  does:
    'After signing in, everything goes through a proxy that joins all Set-Cookie lines of an answer with commas, for two ' +
    'hours in steps of six minutes. Lost: a step at which one is not signed in.',
  run: (stage) => through(stage, (lines) => (lines.length === 0 ? [] : [lines.join(', ')])),
};

export const proxyDrops: Drill = {
  id: 'proxy-drops',
  title: 'Proxy that drops Set-Cookie',
  does:
    'After signing in, everything goes through a proxy that removes every Set-Cookie, for two hours in steps of six ' +
    'minutes. Lost: a step at which one is not signed in.',
  run: (stage) => through(stage, () => []),
};

async function through(stage: Stage, fault: Fault) {
  await stage.system.start();
  const visitor = stage.visitor();
  await visitor.signIn('ada');
  const proxy = await startProxy(stage, fault);
  const steps = stage.rounds(20);
  let lost = 0;
  for (let step = 0; step < steps; step++) {
    if (!(await stage.passTime(SIX_MINUTES))) return notApplicable('its clock cannot be moved here');
    if (!(await visitor.isKnownAs('ada', { port: proxy.port }))) lost += 1;
    stage.progress(step + 1, steps);
  }
  if (!(await visitor.isKnownAs('ada'))) lost += 1;
  stage.evidence.note(`${proxy.touched()} answers had Set-Cookie lines that the proxy changed`);
  return judge(lost, steps + 1, 'looks were not signed in', `${steps} looks through the proxy and one past it`);
}

async function startProxy(stage: Stage, fault: Fault): Promise<{ port: number; touched(): number }> {
  let touched = 0;
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: stage.system.port, method, path: url, headers }, (answer) => {
      const lines = answer.headers['set-cookie'] ?? [];
      const { 'set-cookie': _removed, ...rest } = answer.headers;
      const changed = fault(lines);
      if (lines.length > 0) touched += 1;
      outgoing.writeHead(answer.statusCode ?? 502, {
        ...rest,
        ...(changed.length === 0 ? {} : { 'set-cookie': [...changed] }),
      });
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  stage.afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, touched: () => touched };
}
