/** What the Node binding serves: the messages of node:http and of the compatibility API of node:http2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** HTTP/1.1 or HTTP/2 (compatibility API). */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** HTTP/1.1 or HTTP/2 (compatibility API). */
export type NodeResponse = ServerResponse | Http2ServerResponse;
