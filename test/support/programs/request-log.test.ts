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

  it('of a registry has successes, errors and other entries', () => {
    const entry = (msg: string, status: number, written?: number) =>
      JSON.stringify({
        'http.request.remoteaddr': '127.0.0.1:39420',
        'http.request.uri': '/v2/',
        'http.response.status': status,
        ...(written === undefined ? {} : { 'http.response.written': written }),
        level: 'info',
        msg,
      });
    const log = [
      '{"level":"info","msg":"listening on 127.0.0.1:5997"}',
      entry('response completed', 200, 2),
      entry('authorized request', 0),
      entry('response completed with error', 404),
      '',
    ].join('\n');
    const request = { connection: '127.0.0.1:39420', path: '/v2/' };
    expect(fromDistribution(log)).toEqual([
      { ...request, status: 200, bytes: 2 },
      { ...request, status: 404, bytes: 0 },
    ]);
  });
});
