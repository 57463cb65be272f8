import type { TargetLocation } from '../reference/relocation.ts';
import type { RenamedImage } from './renamed-image.ts';

/**
 * Renders the mapping from old to new references as JSON: `registry`, `prefix`, and `images` with `name`, `newName` and
 * `digest` (docs/guides/customer.md).
 */
export function mappingJson({ registry, prefix }: TargetLocation, images: readonly RenamedImage[]): string {
  return `${JSON.stringify({ registry, prefix, images }, undefined, 2)}\n`;
}
