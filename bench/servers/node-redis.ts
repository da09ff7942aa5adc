/** The floor of a remote store: node:http, and one key of Redis by the id in the cookie; nothing is checked. */
import { createServer } from 'node:http';
import { closeLean, findLean, startLean } from './lean-redis.ts';
import { listen, readUserId, sendAnswer } from './listen.ts';
import { plainCookies, plainIdOf } from './plain-cookie.ts';

listen(
  createServer((request, response) => {
    if (request.method === 'POST') {
      void readUserId(request)
        .then(startLean)
        .then((id) => response.setHeader('set-cookie', plainCookies(id)).end());
      return;
    }
    const answer = (userId: string | null): void => {
      if (userId === null) response.writeHead(401).end();
      else sendAnswer(response, userId);
    };
    const found = findLean(plainIdOf(request));
    if (found instanceof Promise) void found.then(answer);
    else answer(found);
  }),
  closeLean,
);
