import { describe, expect, it } from 'vitest';
import { rules } from '../lint/rules/index.ts';
import { CONFIG_KEYS, TRUSTED_KEYS } from './config-keys.ts';
import { configJsonSchema } from './config-schema.ts';

describe('configJsonSchema', () => {
  const schema = configJsonSchema() as {
    properties: Record<string, { description?: string; propertyNames?: { enum: string[] } }>;
    additionalProperties: boolean;
  };

  it('describes every key and allows no other', () => {
    expect(Object.keys(schema.properties).sort()).toEqual([...CONFIG_KEYS].sort());
    expect(schema.additionalProperties).toBe(false);
    for (const key of CONFIG_KEYS) expect(schema.properties[key]?.description).toMatch(/^[A-Z]/);
  });

  it('says which keys count only in a trusted config', () => {
    const marked = CONFIG_KEYS.filter(key => schema.properties[key]?.description?.includes('trusted config'));
    expect(marked).toEqual(TRUSTED_KEYS);
    expect(marked).toEqual(['credentials', 'mirrors', 'signatures']);
  });

  it('names the rules', () =>
    expect(schema.properties.rules?.propertyNames?.enum).toEqual(rules.map(({ id }) => id).sort()));
});
