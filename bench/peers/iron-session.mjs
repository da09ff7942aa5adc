/** iron-session on node:http: stateless, the session is sealed into the cookie. */
import { createServer } from 'node:http';
import { getIronSession } from 'iron-session';
import { listen, readUserId, sendAnswer } from '../servers/listen.ts';

const options = {
  cookieName: 'iron_session',
  password: process.env.SESSION_SECRET,
  cookieOptions: { secure: false },
};

async function serve(request, response) {
  const session = await getIronSession(request, response, options);
  if (request.method === 'POST') {
    session.userId = await readUserId(request);
    await session.save();
    response.end();
  } else if (session.userId === undefined) {
    response.writeHead(401).end();
  } else {
    sendAnswer(response, session.userId);
  }
}

listen(createServer((request, response) => void serve(request, response)));
