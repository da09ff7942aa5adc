/** The edge on Node in front of the service: one address for browsers, every cookie intact, WebSockets included. */
import { type ServedEdge, serveEdge } from 'holdfast/edge/node';

const upstream = process.env.UPSTREAM ?? 'http://127.0.0.1:3000';

let served: ServedEdge;
try {
  served = await serveEdge(
    {
      // An application beside the service gets a line of its own: '/app': 'http://127.0.0.1:4000'.
      routes: { '/': upstream },
      onRequest: ({ method, path, status, failure }) =>
        void process.stdout.write(`${method} ${path} ${status}${failure === null ? '' : ` (${failure})`}\n`),
    },
    { port: Number(process.env.PORT ?? 8080) },
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(78);
}
process.stdout.write(`listening on http://localhost:${served.port}\n`);
process.once('SIGTERM', () => served.close());
process.once('SIGINT', () => served.close());
