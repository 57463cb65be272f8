import { describe, expect, it } from 'vitest';
import type { ImageClosure } from '../layout/image-closure.ts';
import { Reference } from '../reference/reference.ts';
import { RuntimeInventory } from './runtime-inventory.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const INDEX = `sha256:${'b'.repeat(64)}`;
const OTHER = `sha256:${'c'.repeat(64)}`;
const NAME = 'quay.io/team/app:1';

const closure = { name: Reference.parse(NAME), ids: new Set([IMAGE, INDEX]), indexes: new Set([INDEX]) };

describe('an image is complete in a runtime that', () => {
  it.each<[string, string, string, boolean]>([
    ['has its name with its manifest or config', NAME, IMAGE, true],
    ['has its name with its index, of which it may have one platform', NAME, INDEX, false],
    ['has its name with another image', NAME, OTHER, false],
    ['has it under another name', 'quay.io/team/other:1', IMAGE, false],
  ])('%s', (_what, name, id, isComplete) => {
    const inventory = new RuntimeInventory([{ id, names: [name], size: 0 }]);
    expect(inventory.isComplete(closure as unknown as ImageClosure)).toBe(isComplete);
  });
});
