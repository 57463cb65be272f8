import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { placeEntries } from '../tar/plan.ts';
import { type DeltaRecipe, formatRecipe, parseRecipe } from './delta-recipe.ts';
import { blobPath } from './documents.ts';

const digests = ['a', 'b', 'c'].map(text => digestOf(Buffer.from(text)));
const [manifest, layer, other] = digests as [(typeof digests)[0], (typeof digests)[0], (typeof digests)[0]];

function recipeOf(
  blobs: readonly (readonly [string, number])[],
  missing: DeltaRecipe['missing'],
): DeltaRecipe {
  const documents = ['oci-layout', 'index.json', 'manifest.json'].map((name): [string, number] => [name, 30]);
  const entries = [...documents, ...blobs];
  const { size } = placeEntries(entries.map(([name, bytes]) => ({ name, size: bytes, content: undefined })));
  return {
    base: [{ index: other, size: 4096 }],
    full: { index: layer, size, mtime: 0, entries },
    missing,
  };
}

const recipe = recipeOf(
  [
    [blobPath({ digest: manifest }), 500],
    [blobPath({ digest: layer }), 13_144_163],
    [blobPath({ digest: other }), 20_006_409],
  ],
  [{ digest: layer, size: 13_144_163 }],
);

describe('a recipe', () => {
  it('has one form', () => {
    const bytes = formatRecipe(recipe);
    expect(parseRecipe(bytes, 'app.delta.tar')).toEqual(recipe);
    expect(bytes.toString()).toMatch(
      /^{"formatVersion":1,"base":\[{"index":"sha256:[0-9a-f]{64}","size":4096}\],"full":{"index":"sha256:[0-9a-f]{64}","size":\d+,"mtime":0,"entries":\[\["oci-layout",30\],/,
    );
  });

  const digest = fc.uint8Array({ minLength: 1, maxLength: 4 }).map(bytes => digestOf(bytes));
  const blobs = fc.uniqueArray(fc.record({ digest, size: fc.nat(), isMissing: fc.boolean() }), {
    selector: blob => blob.digest,
  });

  test.prop([blobs, fc.nat()])('is what it was after it was written and read', (list, mtime) => {
    const made = recipeOf(
      list.map(({ digest, size }) => [blobPath({ digest }), size]),
      list.filter(({ isMissing }) => isMissing).map(({ digest, size }) => ({ digest, size })),
    );
    const written = { ...made, full: { ...made.full, mtime } };
    expect(parseRecipe(formatRecipe(written), '')).toEqual(written);
  });

  /** A change of the document that the recipe is parsed from. */
  type Change = (document: Record<string, never> & ReturnType<typeof parsed>) => unknown;
  const parsed = () => JSON.parse(formatRecipe(recipe).toString());
  const name = blobPath({ digest: layer });
  const entry =
    (at: number, value: unknown): Change =>
    document => {
      document.full.entries[at] = value;
      return document;
    };

  it.each<[string, string, Change]>([
    [
      'a later version',
      'format version 2: made by a newer airgap',
      document => ({ ...document, formatVersion: 2 }),
    ],
    ['patches', 'patches: made by a newer airgap', document => ({ ...document, patches: [] })],
    ['no version', 'formatVersion', ({ formatVersion: _, ...rest }) => rest],
    ['an unknown key', 'Unrecognized key', document => ({ ...document, script: 'x' })],
    ['a list', 'the document', () => []],
    ['null', 'the document', () => null],
    ['no base', 'base', document => ({ ...document, base: [] })],
    [
      'a path that leaves the folder',
      'unexpected entry: "../../etc/passwd"',
      entry(4, ['../../etc/passwd', 13_144_163]),
    ],
    ['an absolute path', 'unexpected entry: "/etc/passwd"', entry(4, ['/etc/passwd', 13_144_163])],
    ['a path with a prefix', 'unexpected entry', entry(4, [`./${name}`, 13_144_163])],
    ['a path with a suffix', 'unexpected entry', entry(4, [`${name}/x`, 13_144_163])],
    ['an upper-case digest', 'unexpected entry', entry(4, [name.toUpperCase(), 13_144_163])],
    ['a name that is too long', 'unexpected entry', entry(4, [`${name}${'0'.repeat(200)}`, 13_144_163])],
    ['a document among the blobs', 'unexpected entry: "index.json"', entry(4, ['index.json', 13_144_163])],
    ['its own name', 'unexpected entry: "airgap-delta.json"', entry(4, ['airgap-delta.json', 13_144_163])],
    ['documents in another order', 'do not begin with', entry(0, ['index.json', 30])],
    ['an entry twice', 'duplicate entry', entry(4, [blobPath({ digest: other }), 13_144_163])],
    ['a number as the name', 'full.entries.4.0', entry(4, [7, 13_144_163])],
    ['a negative size', 'full.entries.4.1', entry(4, [name, -1])],
    ['a size that is no integer', 'full.entries.4.1', entry(4, [name, 0.5])],
    ['a size that is text', 'full.entries.4.1', entry(4, [name, '13144163'])],
    ['a size beyond what is exact', 'full.entries.4.1', entry(4, [name, 2 ** 60])],
    ['a third field', 'full.entries.4', entry(4, [name, 13_144_163, 0])],
    ['sizes that do not add up', 'expected a bundle of', entry(4, [name, 13_144_163 - 512])],
    [
      'sizes that are larger than the bundle',
      'more than the bundle',
      entry(4, [name, Number.MAX_SAFE_INTEGER]),
    ],
    [
      'a time that no header holds',
      'full.mtime',
      document => ({ ...document, full: { ...document.full, mtime: 8 ** 11 } }),
    ],
    [
      'a missing blob that is no entry',
      'is not an entry',
      document => ({ ...document, missing: [{ digest: digestOf(Buffer.from('x')), size: 1 }] }),
    ],
    [
      'a missing blob with another size',
      'has two sizes',
      document => ({ ...document, missing: [{ digest: layer, size: 1 }] }),
    ],
    [
      'a missing blob twice',
      'duplicate missing blob',
      document => ({ ...document, missing: [...document.missing, ...document.missing] }),
    ],
    [
      'missing blobs in another order',
      'not in order',
      document => ({ ...document, missing: [{ digest: other, size: 20_006_409 }, ...document.missing] }),
    ],
    [
      'an unknown algorithm',
      'missing.0.digest',
      document => ({ ...document, missing: [{ digest: `md5:${'0'.repeat(32)}`, size: 1 }] }),
    ],
    ['keys in another order', 'non-canonical JSON', ({ missing, ...rest }) => ({ missing, ...rest })],
  ])('rejects %s', (_case, message, change) => {
    const bytes = Buffer.from(JSON.stringify(change(parsed())));
    expect(() => parseRecipe(bytes, 'app.delta.tar')).toThrow(
      expect.objectContaining({ code: 'BUNDLE', message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, (text: string) => string | Buffer]>([
    ['what is not JSON', text => text.slice(1)],
    ['nothing', () => ''],
    ['a space', text => ` ${text}`],
    ['a line break at the end', text => `${text}\n`],
    ['a byte order mark', text => `\uFEFF${text}`],
    ['a key twice', text => text.replace('{', '{"formatVersion":1,')],
    ['a number in another form', text => text.replace('"size":4096', '"size":4.096e3')],
    ['bytes that are not UTF-8', () => Buffer.from([0xff, 0xfe])],
    ['nesting deeper than the stack', () => '['.repeat(1_000_000)],
    ['a key of all objects', text => text.replace('{', '{"__proto__":{},')],
  ])('rejects %s', (_case, change) => {
    const bytes = Buffer.from(change(formatRecipe(recipe).toString()));
    expect(() => parseRecipe(bytes, 'app.delta.tar')).toThrow(expect.objectContaining({ code: 'BUNDLE' }));
  });

  test.prop([fc.nat(), fc.nat(255)], { numRuns: 500 })(
    'is never read as another one after a byte has changed',
    (at, byte) => {
      const bytes = formatRecipe(recipe);
      bytes[at % bytes.length] = byte;
      try {
        const { full, missing } = parseRecipe(bytes, '');
        // A digest may be another one, or a size that takes as many blocks: the blob itself decides. The size of the
        // bundle and its offsets never are.
        const blocks = ({ entries }: typeof full) => entries.map(([, size]) => Math.ceil(size / 512));
        expect(full.size).toBe(recipe.full.size);
        expect(blocks(full)).toEqual(blocks(recipe.full));
        expect(missing.map(({ size }) => size)).toEqual(recipe.missing.map(({ size }) => size));
      } catch (error) {
        expect(error).toMatchObject({ code: 'BUNDLE' });
      }
    },
  );
});
