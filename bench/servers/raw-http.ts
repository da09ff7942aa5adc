/** The limit: node:http that sends the answer and asks nobody. */
import { createServer } from 'node:http';
import { userIdOf } from '../answer.ts';
import { listen, sendAnswer } from './listen.ts';

const USER_ID = userIdOf(1);

listen(createServer((_request, response) => sendAnswer(response, USER_ID)));
