import { type Fetcher, type FetchRequest, writeLines } from './peer.ts';

/** Creates a package, which it need not compress, without lists of the software in the images. */
export const zarf: Fetcher = {
  name: 'zarf',
  program: 'zarf',
  origin: { releases: 'https://github.com/zarf-dev/zarf/releases' },
  version: ['version'],
  keepsManifests: true,
  fetch: request => [
    writeLines(definition(request), `${request.folder}/zarf.yaml`),
    create(request.folder),
    `mv ${request.folder}/zarf-package-bench-*.tar ${request.file}`,
  ],
};

function definition({ host, names }: FetchRequest): string[] {
  return [
    'kind: ZarfPackageConfig',
    'metadata: { name: bench, uncompressed: true }',
    'components:',
    '  - name: images',
    '    required: true',
    '    images:',
    ...names.map(name => `      - ${host}/${name}`),
  ];
}

/** Everything that it writes is below the folder. */
function create(folder: string): string {
  const places = `--cache ${folder}/zarf-cache --tmpdir ${folder} --output ${folder}`;
  return `zarf package create ${folder} ${places} --confirm --skip-sbom --plain-http --oci-concurrency 24 --log-level warn`;
}
