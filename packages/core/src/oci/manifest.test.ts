import { describe, expect, it } from 'vitest';
import { rawManifest } from './manifest.ts';

describe('rawManifest', () => {
  it('refuses a document that is nested too deep to be written again', () => {
    const deep = `{"schemaVersion":2,"manifests":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(() => rawManifest(Buffer.from(deep), '')).toThrow(/not JSON/);
  });
});
