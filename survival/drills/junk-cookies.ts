/** More cookies than a browser keeps, from another page of the same host. */
import { createServer } from 'node:http';
import { freePort } from '../process/free-port.ts';
import { judge } from '../run/outcome.ts';
import { HOST, SIBLING } from '../visitor/site.ts';
import type { Drill } from './drill.ts';

const JUNK = 180;

export const junkCookies: Drill = {
  id: 'junk-cookies',
  title: '180 junk cookies',
  does:
    'Another page sets 180 cookies, as many as Chromium keeps for a site: in a cookie jar from a sibling host, and in a ' +
    'real Chromium from another port of the same host. Lost: not signed in afterwards.',
  async run(stage) {
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const lines = Array.from({ length: JUNK }, (_, i) => `junk${i}=${i}; Domain=example.test; Path=/; Secure`);
    const before = visitor.jar.names;
    visitor.jar.keep(SIBLING, '/', lines);
    const evicted = before.filter((name) => !visitor.jar.names.includes(name));
    stage.evidence.note(
      evicted.length === 0 ? 'the jar kept every cookie of the system' : `the jar evicted ${evicted.join(', ')}`,
    );
    const sent = visitor.jar.header(HOST, '/');
    stage.evidence.note(`the Cookie header has ${sent.length} bytes`);
    let lost = 0;
    for (let i = 0; i < 3; i++) if (!(await visitor.isKnownAs('ada'))) lost += 1;

    const browser = await stage.browser('profile');
    await browser.send(stage.system.routes.signIn('ada'));
    const port = await serveJunk(stage.afterwards);
    await browser.visit(`http://localhost:${port}/`);
    const who = await browser.who('reload');
    if (who.state !== 'signed-in') {
      lost += 1;
      stage.evidence.note(`Chromium was not signed in any more: ${JSON.stringify(who)}`);
    }
    return judge(lost, 4, 'looks were not signed in', 'signed in beside 180 junk cookies, in the jar and in Chromium');
  },
};

/** A page of somebody else on the same host. */
async function serveJunk(afterwards: (clear: () => void) => void): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html',
      'set-cookie': Array.from({ length: JUNK }, (_, i) => `junk${i}=${i}; Path=/; Secure`),
    });
    response.end('<!doctype html><title>Junk</title>');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}
