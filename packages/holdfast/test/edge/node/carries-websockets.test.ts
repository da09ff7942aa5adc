/** What the edge promises of WebSockets, on Node: through a plain server and through one with TLS. */
import { carriesWebSockets } from './harness/carries-websockets.ts';
import { nodeHttp1, nodeHttp2 } from './harness/fronts.ts';

for (const front of [nodeHttp1, nodeHttp2]) carriesWebSockets(front);
