import { describe, expect, it } from 'vitest';
import { type FileSourceSpec, parseLocalSource, parseRuntimeImage } from './source-spec.ts';

describe('parseLocalSource', () => {
  it.each<[string, Partial<FileSourceSpec>]>([
    ['oci:build/app', { kind: 'oci', path: 'build/app' }],
    ['oci:app:1.0', { kind: 'oci', path: 'app', imageName: '1.0' }],
    ['oci-archive:a=b.tar', { kind: 'oci-archive', path: 'a=b.tar' }],
    ['docker-archive:a.tar:quay.io/x:1', { kind: 'docker-archive', path: 'a.tar', imageName: 'quay.io/x:1' }],
    ['quay.io/team/app:1=oci:app:dev', { kind: 'oci', path: 'app', imageName: 'dev' }],
  ])('reads %s', (text, parts) => {
    const spec = parseLocalSource(text) as FileSourceSpec;
    expect(spec).toMatchObject({ ...parts, text });
    expect(spec.imageName).toBe(parts.imageName);
  });

  it('makes the name before "=" canonical', () =>
    expect(`${(parseLocalSource('redis=oci:app') as FileSourceSpec).alias}`).toBe(
      'docker.io/library/redis:latest',
    ));

  it.each(['docker:', 'podman:', 'containerd:', 'containerd:k8s.io'])('reads the runtime %s', text =>
    expect(parseLocalSource(text)).toMatchObject({ kind: 'runtime', text }),
  );

  it.each([
    '',
    'oci',
    'oci:',
    'oci::tag',
    'oci:dir:',
    'app.tar',
    'http://example.com/app.tar',
    'docker:app',
    'docker:5000/app',
    'containerd:a/b',
    'NAME=docker:',
    '=oci:app',
    'UPPER/Case=oci:app',
  ])('rejects "%s"', text =>
    expect(() => parseLocalSource(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringMatching(/\.$/) }),
    ),
  );
});

describe('parseRuntimeImage', () => {
  it.each([
    ['docker:worker:1.0', 'Docker', 'docker.io/library/worker:1.0'],
    ['podman:quay.io/team/app', 'Podman', 'quay.io/team/app:latest'],
    ['docker:localhost:5000/app:1', 'Docker', 'localhost:5000/app:1'],
    ['containerd:k8s.io:quay.io/team/app:1', 'Containerd', 'quay.io/team/app:1'],
    ['containerd:quay.io/team/app:1', 'Containerd', 'quay.io/team/app:1'],
  ])('reads %s', (text, runtime, image) => {
    const spec = parseRuntimeImage(text);
    expect([spec?.runtime.constructor.name, `${spec?.image}`]).toEqual([runtime, image]);
  });

  it.each(['docker:5000/app', 'quay.io/team/app:1', 'oci:app', 'bundle.tar', 'docker'])(
    'does not take %s for an image of a runtime',
    text => expect(parseRuntimeImage(text)).toBeUndefined(),
  );

  it.each([
    ['docker:', 'USAGE'],
    ['containerd:', 'USAGE'],
    ['docker:team/UPPER', 'INPUT'],
  ])('rejects %s', (text, code) =>
    expect(() => parseRuntimeImage(text)).toThrow(expect.objectContaining({ code })),
  );
});
