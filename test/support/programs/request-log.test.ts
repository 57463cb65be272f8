import { describe, expect, it } from 'vitest';
import { fromDistribution, fromNginx } from './request-log.ts';

describe('a log of requests', () => {
  it('of nginx has a line for each', () => {
    expect(fromNginx('7 200 5 /v2/\n7 404 157 /v2/a/blobs/sha256:00?x=1\n9 206 0 /a\n')).toEqual([
      { connection: '7', status: 200, bytes: 5, path: '/v2/' },
      { connection: '7', status: 404, bytes: 157, path: '/v2/a/blobs/sha256:00?x=1' },
      { connection: '9', status: 206, bytes: 0, path: '/a' },
    ]);
    expect(fromNginx('')).toEqual([]);
  });

  it('of a registry has an entry for each success and each error, and others', () => {
    const entry = (id: string, msg: string, status?: number, written?: number) =>
      JSON.stringify({
        'http.request.id': id,
        'http.request.remoteaddr': '127.0.0.1:39420',
        'http.request.uri': '/v2/',
        'http.response.status': status,
        'http.response.written': written,
        msg,
      });
    const log = [
      '{"level":"info","msg":"listening on 127.0.0.1:5997"}',
      entry('a', 'response completed', 200, 2),
      entry('b', 'authorized request'),
      entry('b', 'response completed with error', 400, 1084),
      entry('b', 'response completed with error', 400, 1084),
      entry('c', 'response completed', 202),
      '',
    ].join('\n');
    const request = { connection: '127.0.0.1:39420', path: '/v2/' };
    expect(fromDistribution(log)).toEqual([
      { ...request, status: 200, bytes: 2 },
      { ...request, status: 400, bytes: 1084 },
      { ...request, status: 202, bytes: 0 },
    ]);
  });
});
