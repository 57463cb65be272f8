import { describe, expect, it } from 'vitest';
import { rawManifest } from './manifest.ts';

describe('rawManifest', () => {
  it('rejects a document that is nested too deeply to be serialised', () => {
    const deep = `{"schemaVersion":2,"manifests":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(() => rawManifest(Buffer.from(deep), '')).toThrow(/not JSON/);
  });
});
