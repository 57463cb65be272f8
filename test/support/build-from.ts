import { writeFileSync } from 'node:fs';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, type Outcome, type TempDir } from './airgap.ts';
import type { TestImage } from './images/image.ts';

/** Builds a bundle, or a `.airgap`, from a registry that has these images. */
export async function buildFrom(
  work: TempDir,
  images: Record<string, TestImage>,
  output: string,
  ...flags: string[]
): Promise<Outcome & { readonly requests: readonly string[] }> {
  await using registry = await TestRegistry.start();
  for (const [name, image] of Object.entries(images))
    registry.push(name.slice(name.indexOf('/') + 1).replace('@', ':'), image);
  const list = `${output}.txt`;
  writeFileSync(list, Object.keys(images).join('\n'));
  const hosts = [...new Set(Object.keys(images).map(name => name.slice(0, name.indexOf('/'))))];
  const mirrors = hosts.flatMap(host => ['--mirror', `${host}=http://${registry.host}`]);
  const args = ['build', list, '-o', output, '--platform', 'all', ...mirrors, ...flags];
  const outcome = await airgap(args, { cwd: work.path });
  return { ...outcome, requests: registry.seen.map(({ path }) => path) };
}
