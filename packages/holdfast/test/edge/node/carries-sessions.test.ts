/** The real service behind the edge on Node, over HTTP/1.1 and over HTTP/2. */
import { carriesSessions } from './harness/carries-sessions.ts';
import { nodeHttp1, nodeHttp2 } from './harness/fronts.ts';

for (const front of [nodeHttp1, nodeHttp2]) carriesSessions(front);
