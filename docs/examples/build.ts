// Builds a bundle of one image and says what is in it: node build.js IMAGE BUNDLE [MIRROR]
import { AirgapError, build, inspect, verify } from '@airgap/core';

const [image = '', bundle = '', mirror] = process.argv.slice(2);

try {
  await build({
    specs: [{ file: 'arguments', text: image }],
    output: bundle,
    mirrors: mirror === undefined ? {} : { 'docker.io': mirror },
    onEvent: event => {
      if (event.type === 'planned') process.stderr.write(`${event.blobs} blobs, ${event.bytes} bytes\n`);
    },
  });
  const { problems } = await verify({ bundle });
  const { images } = await inspect({ bundle });
  process.stdout.write(`${images.map(({ name }) => name).join(', ')}: ${problems.length} problems\n`);
} catch (error) {
  if (!(error instanceof AirgapError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
