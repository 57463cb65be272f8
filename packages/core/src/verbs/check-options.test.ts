import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as airgap from '../index.ts';
import { isInterrupted } from '../model/errors.ts';
import { checkOptions } from './check-options.ts';

const { AirgapError } = airgap;

describe('an option of the wrong type is named, with what it must be', () => {
  it.each<[string, unknown, string]>([
    ['specs', 'app.yaml', 'specs must be a list of input files'],
    ['specs', [5], 'specs (0) must be a path, or an object with file and text'],
    ['concurrency', 0, 'concurrency must be an integer from 1 to 256'],
    ['concurrency', Number.NaN, 'concurrency must be an integer from 1 to 256'],
    ['platforms', 'linux/amd64', "platforms must be 'all' or a list of platforms"],
    ['mirrors', [{ host: 'quay.io' }], 'mirrors must map registries to URLs, or to lists of URLs'],
    ['credentialFiles', 'config.json', 'credentialFiles must be a list of files'],
    ['credentials', { 'quay.io': 'secret' }, 'credentials (quay.io) must have a username and a password'],
    ['ca', ['-----BEGIN'], 'ca (0) must be a list of objects with pem'],
    ['naming', 'flat', 'naming must be one of path, host, kots'],
    ['onExisting', 'ask', 'onExisting must be one of overwrite, skip, fail'],
    ['helm', { set: 'a=b' }, 'helm (set) must be a list of strings'],
    ['dryRun', 'yes', 'dryRun must be true or false'],
    ['signal', {}, 'signal must be an AbortSignal'],
    ['exclude', 'redis', 'exclude must be a list of names or patterns'],
    ['output', 'a\0b.tar', 'output must not contain a NUL character'],
    ['output', { write() {} }, 'output must be a path or an open writable stream'],
    ['output', new PassThrough().end(), 'output must be a path or an open writable stream'],
    ['report', 'a\0b.html', 'report must not contain a NUL character'],
    ['timeout', 2 ** 31, 'timeout must be at most 2147483647 milliseconds'],
    ['sourceDateEpoch', 1e15, 'sourceDateEpoch must be at most 9999999999 seconds'],
    ['proxy', 'http://proxy:3128', 'proxy must be an object with http, https and no'],
    ['proxy', { http: 5 }, 'proxy (http) must be a string'],
  ])('%s: %j', (name, value, message) => {
    expect(() => checkOptions('build', { [name]: value }, [])).toThrow(
      expect.objectContaining({ code: 'USAGE', message: `build: ${message}` }),
    );
  });

  it('only a build writes to a stream', () => {
    const options = { output: new PassThrough() };
    expect(() => checkOptions('build', options, [])).not.toThrow();
    expect(() => checkOptions('delta', options, [])).toThrow('delta: output must be a string');
  });

  it('does not quote a secret', () => {
    const options = { credentials: { 'quay.io': { username: 'me', password: ['hunter2'] } } };
    expect(() => checkOptions('plan', options, [])).toThrow(expect.not.stringContaining('hunter2') as Error);
  });
});

describe('an argument of the wrong type is an error', () => {
  const name = airgap.Reference.parse('a.io/b:1');
  const calls: Record<string, () => Promise<unknown>> = {
    'openBundle()': () => airgap.openBundle(undefined as unknown as string),
    'openBundle("a\\0")': () => airgap.openBundle('a\0'),
    'openLayout(5)': () => airgap.openLayout(5 as unknown as string),
    'openLayout with a base': () => airgap.openLayout('x', { base: 'y' as unknown as string[] }),
    'copyImage()': () => (airgap.copyImage as () => Promise<unknown>)(),
    'copyImage with a text': () =>
      airgap.copyImage(
        new airgap.MemoryStore(),
        'a.io/b:1' as unknown as airgap.Reference,
        new airgap.MemoryStore(),
      ),
    'copyImage without target': () =>
      airgap.copyImage(new airgap.MemoryStore(), name, {} as unknown as airgap.MemoryStore),
    'trust()': () => (airgap.trust as () => Promise<unknown>)(),
    'distrust with a number': () =>
      airgap.distrust({ folder: 5, store: 'x' } as unknown as airgap.TrustOptions),
    'trustedConfigs()': () => airgap.trustedConfigs(undefined as unknown as string),
    'verify of a stream of strings': () =>
      airgap.verify({ bundle: Readable.from(['text']) as AsyncIterable<Uint8Array> }),
    'verify of its sum': () =>
      airgap.verify({ bundle: Readable.from(['text']), digest: `sha256:${'0'.repeat(64)}` }),
  };
  it.each(Object.keys(calls))('%s', async call => {
    await expect(calls[call]?.()).rejects.toMatchObject({ code: 'USAGE' });
  });
});

const ODD_VALUES: readonly unknown[] = [null, 5, '', 'x', true, [], [5], [null], {}, { a: 5 }, { a: [null] }];
const OPTIONS = [
  ...[
    'specs',
    'platforms',
    'imagePlatforms',
    'mirrors',
    'plainHttp',
    'insecure',
    'credentials',
    'ca',
    'from',
  ],
  ...['credentialFiles', 'caFolders', 'clientCertificates', 'locations', 'rules', 'imagePaths', 'include'],
  ...[
    'exclude',
    'includeUnread',
    'helm',
    'compose',
    'proxy',
    'concurrency',
    'timeout',
    'signal',
    'onEvent',
    'online',
  ],
];

describe('no value of an option ends in an error of JavaScript', () => {
  const specs = [{ file: 'list.txt', text: '' }];
  it.each(OPTIONS.flatMap(option => ODD_VALUES.map(value => [option, value] as const)))(
    '%s: %j',
    async (option, value) => {
      for (const verb of [airgap.plan, airgap.lint, airgap.images]) {
        const options = { specs, [option]: value } as unknown as airgap.PlanOptions;
        const error = await (verb as (given: airgap.PlanOptions) => Promise<unknown>)(options).then(
          () => undefined,
          thrown => thrown,
        );
        expect(error === undefined || error instanceof AirgapError ? undefined : error).toBeUndefined();
        expect(isInterrupted(error)).toBe(false);
      }
    },
  );
});
