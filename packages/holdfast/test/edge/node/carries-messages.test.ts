/** What the edge promises of every message, on Node: over HTTP/1.1 and over HTTP/2. */
import { carriesMessages } from './harness/carries-messages.ts';
import { nodeHttp1, nodeHttp2 } from './harness/fronts.ts';

for (const front of [nodeHttp1, nodeHttp2]) carriesMessages(front);
