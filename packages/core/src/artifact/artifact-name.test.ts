import { describe, expect, it } from 'vitest';
import { parseArtifactName } from './artifact-name.ts';

describe('parseArtifactName', () => {
  it('reads a registry, a repository and a tag', () => {
    expect(parseArtifactName('oci://registry.example.com/bundles/app:1.1').toString()).toBe(
      'registry.example.com/bundles/app:1.1',
    );
  });

  it('accepts the scheme in upper case', () => {
    expect(parseArtifactName('OCI://registry.example.com/app:1').toString()).toBe(
      'registry.example.com/app:1',
    );
  });

  it.each([
    'oci://user:hunter2@registry.example.com/app:1',
    'oci://:hunter2@registry.example.com:5000/app:1',
  ])('rejects the credentials of %s without quoting them', text => {
    expect(() => parseArtifactName(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('hunter2') }),
    );
  });
});
