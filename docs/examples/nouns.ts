// Copies an image of a bundle to an OCI layout directory, and compares it with the registry:
// node nouns.js BUNDLE IMAGE DIRECTORY [MIRROR]
import { AirgapError, copyImage, DirectoryTarget, openBundle, openRegistry, Reference } from '@airgap/core';

const [path = '', image = '', directory = '', mirror] = process.argv.slice(2);

try {
  const name = Reference.parse(image);
  await using bundle = await openBundle(path);
  await using registries = await openRegistry({
    mirrors: mirror === undefined ? {} : { 'docker.io': mirror },
  });
  const { digest } = await copyImage(bundle, name, await DirectoryTarget.open(directory, name));
  const current = await registries.source(name).resolve(name.canonical());
  const isCurrent = current?.digest === digest;
  process.stdout.write(`${digest}${isCurrent ? '' : `, the registry has ${current?.digest}`}\n`);
} catch (error) {
  if (!(error instanceof AirgapError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
