/** Requests and answers as bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOfWhole, wireRequests } from '../load/wire.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';

test('an answer counts as whole only when all of its body is there', () => {
  assert.equal(statusOfWhole('HTTP/1.1 200 OK\r\nConte'), null);
  assert.equal(statusOfWhole(`${HEAD}hell`), null);
  assert.equal(statusOfWhole(`${HEAD}hello`), 200);
});

test('an answer in chunks ends with the empty chunk', () => {
  const head = 'HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.equal(statusOfWhole(`${head}5\r\nhello\r\n`), null);
  assert.equal(statusOfWhole(`${head}5\r\nhello\r\n0\r\n\r\n`), 503);
});

test('a request carries its cookie, and a POST says that it has no body', () => {
  const shape = { method: 'POST', path: '/p', headers: { 'sec-fetch-site': 'same-origin' } } as const;
  assert.deepEqual(wireRequests(shape, 80, ['a=1']), [
    'POST /p HTTP/1.1\r\nhost: 127.0.0.1:80\r\nsec-fetch-site: same-origin\r\ncontent-length: 0\r\ncookie: a=1\r\n\r\n',
  ]);
});
