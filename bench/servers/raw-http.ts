/** The limit: node:http that sends the answer and asks nobody. */
import { createServer } from 'node:http';
import { userIdOf } from '../answer.ts';
import { listen, sendAnswer } from './listen.ts';
import { inProcesses } from './processes.ts';

const USER_ID = userIdOf(1);

await inProcesses(() => listen(createServer((_request, response) => sendAnswer(response, USER_ID))));
