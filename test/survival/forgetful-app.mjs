/** An application that does everything wrong: sessions in a Map, written back as a whole, saved after the answer has left. */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const sessions = new Map();

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://app');
  const answer = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const id = /(?:^|; )id=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  // A copy, as a store that is not a Map would hand out.
  const session = structuredClone(sessions.get(id));
  const body = request.method === 'POST' ? await json(request).catch(() => ({})) : {};
  if (url.pathname === '/ready') return answer(200, {});
  if (url.pathname === '/sign-in') {
    const made = Math.random().toString(36).slice(2);
    sessions.set(made, { user: body.user, values: {} });
    return answer(200, {}, { 'set-cookie': `id=${made}; Path=/; Max-Age=86400` });
  }
  if (session === undefined) return answer(401, {}, { 'set-cookie': 'id=; Path=/; Max-Age=0' });
  switch (url.pathname) {
    case '/me':
      return answer(200, { user: session.user });
    case '/sign-out':
      sessions.delete(id);
      return answer(200, {}, { 'set-cookie': 'id=; Path=/; Max-Age=0' });
    case '/value':
      if (request.method === 'GET') return answer(200, { value: session.values[url.searchParams.get('key')] ?? null });
      await pause(body.takesMs);
      session.values[body.key] = body.value;
      sessions.set(id, session);
      return answer(200, {});
    default:
      response.writeHead(303, { location: `/value?key=${body.key}` }).end();
      await pause(30);
      session.values[body.key] = body.value;
      sessions.set(id, session);
  }
}).listen(Number(process.env.PORT), '127.0.0.1');
