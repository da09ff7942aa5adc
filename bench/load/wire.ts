/** Requests as bytes, prepared once, and where an answer ends. */
import type { RequestShape } from '../system.ts';

/** Stands between requests in the file that wrk reads. */
export const SEPARATOR = '----\n';

/** One request per cookie header. */
export function wireRequests(
  { method, path, headers }: RequestShape,
  port: number,
  cookies: readonly string[],
): string[] {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === 'POST' ? 'content-length: 0\r\n' : '';
  return cookies.map(
    (cookie) =>
      `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}${length}cookie: ${cookie}\r\n\r\n`,
  );
}

/** The status of a whole answer at the beginning of the text; null while it is not all there. */
export function statusOfWhole(text: string): number | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const at = head.indexOf('content-length:');
  const complete =
    at < 0
      ? !head.includes('transfer-encoding: chunked') || text.endsWith('0\r\n\r\n')
      : text.length >= end + 4 + Number.parseInt(head.slice(at + 15), 10);
  return complete ? Number(text.slice(9, 12)) : null;
}
