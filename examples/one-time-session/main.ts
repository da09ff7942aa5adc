/** A shop that embeds a page of the service: its back end makes a one-time session for each visit and hands over its id. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ticketClient } from 'holdfast/tickets';

const service = process.env.HOLDFAST_URL ?? 'http://localhost:3000';
// The key stays here: whoever has it makes one-time sessions in the shop's name.
const tickets = ticketClient({ service, apiKey: process.env.HOLDFAST_API_KEY ?? '' });

const server = createServer(async (request, response) => {
  if (request.method !== 'GET' || request.url !== '/') return response.writeHead(404).end('Nothing here\n');
  const made = await tickets.create({ user: 'customer-7', data: { cart: ['lamp', 'chair'] } });
  if (made.status === 'denied') {
    // For the operator. A visitor can do nothing about it.
    process.stderr.write(`${made.code}: ${made.detail}\n`);
    return response.writeHead(500).end('The planner is not set up.\n');
  }
  if (made.status !== 'created') {
    const headers = { 'retry-after': String(made.retryAfterSeconds) };
    return response.writeHead(503, headers).end('The planner is busy. Please try again in a moment.\n');
  }
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    // The page holds an id that works once: no cache may hand it to the next visitor.
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src ${service}; frame-src ${service}`,
  });
  return response.end(`<!doctype html>
<html lang="en">
<title>The shop</title>
<h1>Plan your room</h1>
<holdfast-frame title="Room planner" src="${made.iframeUrl}"></holdfast-frame>
<script src="${service}/client/embed.js"></script>
</html>
`);
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://localhost:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => server.close());
