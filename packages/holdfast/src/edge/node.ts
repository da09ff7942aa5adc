/** The edge on Node: a server for it, a listener for servers of one's own, and a transport that leaves bytes alone. */
export { type EdgeListener, edgeListener } from './node/listener.ts';
export type { AddressOptions } from './node/request.ts';
export { type ServedEdge, type ServeOptions, serveEdge } from './node/serve.ts';
export { type NodeTransport, type NodeTransportOptions, nodeTransport } from './node/transport.ts';
