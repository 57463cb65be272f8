import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { imageOf, indexOf, noiseOf, sha256, type TestImage } from './image.ts';

const FIXTURES = fileURLToPath(new URL('../../vectors/signing/', import.meta.url));
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const REPOSITORY = '127.0.0.1:5000/team/app';

/** The key that must have signed, and another one. */
const KEY = 'ec-pkcs8';
const OTHER = 'ed25519';

/** An artifact with these layers. */
function artifact(
  layers: readonly { type: string; bytes: Buffer; annotations?: object }[],
  more: object = {},
): TestImage {
  const config = Buffer.from('{}');
  const descriptor = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map(({ type, bytes, annotations }) => ({ ...descriptor(type, bytes), annotations })),
      ...more,
    }),
  );
  const blobs = new Map([config, ...layers.map(({ bytes }) => bytes)].map(blob => [sha256(blob), blob]));
  return { mediaType: MANIFEST, digest: sha256(bytes), bytes, blobs, children: [] };
}

function signed(bytes: Buffer, key: string): Buffer {
  const pem = createPrivateKey(readFileSync(`${FIXTURES}${key}.pem`, 'utf8'));
  return sign(key === OTHER ? null : 'sha256', bytes, pem);
}

interface Variant {
  readonly key?: string;
  /** Changes what is signed. */
  readonly payload?: (payload: string) => string;
  /** Changes what is stored after it was signed. */
  readonly stored?: (payload: string) => string;
  readonly signature?: (signature: Buffer) => string;
}

const base64 = (signature: Buffer) => signature.toString('base64');
const same = (text: string) => text;

/** The layer of a signature under cosign's tag. */
function simpleLayer(
  { digest }: TestImage,
  { key = KEY, payload = same, stored = same, signature = base64 }: Variant = {},
) {
  const image = { 'docker-manifest-digest': digest };
  const identity = { 'docker-reference': REPOSITORY };
  const critical = { identity, image, type: 'cosign container image signature' };
  const text = payload(JSON.stringify({ critical, optional: null }));
  const annotations = { 'dev.cosignproject.cosign/signature': signature(signed(Buffer.from(text), key)) };
  return { type: SIMPLE, bytes: Buffer.from(stored(text)), annotations };
}

interface StatementVariant extends Variant {
  readonly payloadType?: string;
  readonly predicateType?: string;
}

/** A referrer with a sigstore bundle. */
function bundle(subject: TestImage, variant: StatementVariant = {}): TestImage {
  const { key = KEY, payload = same, stored = same, signature = base64 } = variant;
  const {
    payloadType = 'application/vnd.in-toto+json',
    predicateType = 'https://sigstore.dev/cosign/sign/v1',
  } = variant;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: subject.digest.slice(7) } }],
    predicateType,
    predicate: {},
  };
  const text = payload(JSON.stringify(statement));
  const pae = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(text)} ${text}`);
  const sig = signature(signed(pae, key));
  const dsseEnvelope = {
    payload: Buffer.from(stored(text)).toString('base64'),
    payloadType,
    signatures: [{ sig }],
  };
  const document = { mediaType: BUNDLE, verificationMaterial: { publicKey: { hint: '' } }, dsseEnvelope };
  const { mediaType, digest, bytes } = subject;
  return artifact([{ type: BUNDLE, bytes: Buffer.from(JSON.stringify(document)) }], {
    artifactType: BUNDLE,
    subject: { mediaType, digest, size: bytes.length },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  });
}

/** An image as it is in a registry, with what claims to be its signatures. */
export interface SignedImageCase {
  readonly what: string;
  readonly image: TestImage;
  /** Under cosign's tag. */
  readonly tagged?: TestImage;
  readonly referrers: readonly TestImage[];
}

const image = imageOf({ layers: [noiseOf(41, 3000)], compression: 'none' });
const otherImage = imageOf({ layers: [noiseOf(42, 3000)], compression: 'none' });
const platforms = ['amd64', 'arm64'].map(architecture =>
  imageOf({ layers: [noiseOf(43, 3000)], compression: 'none', platform: { os: 'linux', architecture } }),
);
const index = indexOf(platforms);
const [child = image] = platforms;
const flip = (signature: Buffer) =>
  base64(Buffer.concat([signature.subarray(0, -1), Buffer.from([(signature.at(-1) ?? 0) ^ 1])]));
const anotherDigest = (text: string) => text.replace(/[0-9a-f]{64}/, otherImage.digest.slice(7));
const tag = (...layers: ReturnType<typeof simpleLayer>[]) => artifact(layers);

/** Good and bad signatures in both forms of cosign. */
export const SIGNED_IMAGE_CASES: readonly SignedImageCase[] = [
  { what: 'tag: signed', image, tagged: tag(simpleLayer(image)), referrers: [] },
  { what: 'tag: an index, signed', image: index, tagged: tag(simpleLayer(index)), referrers: [] },
  { what: 'tag: by another key', image, tagged: tag(simpleLayer(image, { key: OTHER })), referrers: [] },
  {
    what: 'tag: by another key and by the key',
    image,
    tagged: tag(simpleLayer(image, { key: OTHER }), simpleLayer(image)),
    referrers: [],
  },
  { what: 'tag: of another image', image, tagged: tag(simpleLayer(otherImage)), referrers: [] },
  {
    what: 'tag: of another image, with the digest exchanged',
    image,
    tagged: tag(
      simpleLayer(otherImage, { stored: text => text.replace(/[0-9a-f]{64}/, image.digest.slice(7)) }),
    ),
    referrers: [],
  },
  {
    what: 'tag: with a changed payload',
    image,
    tagged: tag(simpleLayer(image, { stored: text => text.replace('"optional":null', '"optional":{}') })),
    referrers: [],
  },
  {
    what: 'tag: with a changed signature',
    image,
    tagged: tag(simpleLayer(image, { signature: flip })),
    referrers: [],
  },
  {
    what: 'tag: with an empty signature',
    image,
    tagged: tag(simpleLayer(image, { signature: () => '' })),
    referrers: [],
  },
  {
    what: 'tag: signed under another name',
    image,
    tagged: tag(simpleLayer(image, { payload: text => text.replace('team/app', 'evil/app') })),
    referrers: [],
  },
  {
    what: 'tag: a payload that is not JSON',
    image,
    tagged: tag(simpleLayer(image, { payload: () => 'signed' })),
    referrers: [],
  },
  {
    what: 'tag: a signature of one platform of an index',
    image: index,
    tagged: tag(simpleLayer(child)),
    referrers: [],
  },
  { what: 'bundle: signed', image, referrers: [bundle(image)] },
  { what: 'bundle: an index, signed', image: index, referrers: [bundle(index)] },
  { what: 'bundle: by another key', image, referrers: [bundle(image, { key: OTHER })] },
  {
    what: 'bundle: by another key and by the key',
    image,
    referrers: [bundle(image, { key: OTHER }), bundle(image)],
  },
  { what: 'bundle: of another image', image, referrers: [bundle(image, { payload: anotherDigest })] },
  {
    what: 'bundle: of another image, with the digest exchanged',
    image,
    referrers: [
      bundle(image, {
        payload: anotherDigest,
        stored: text => text.replace(otherImage.digest.slice(7), image.digest.slice(7)),
      }),
    ],
  },
  { what: 'bundle: with a changed signature', image, referrers: [bundle(image, { signature: flip })] },
  {
    what: 'bundle: an attestation',
    image,
    referrers: [bundle(image, { predicateType: 'https://spdx.dev/Document' })],
  },
  {
    what: 'bundle: with another payload type',
    image,
    referrers: [bundle(image, { payloadType: 'text/plain' })],
  },
  {
    what: 'bundle: a statement that is not JSON',
    image,
    referrers: [bundle(image, { payload: () => 'signed' })],
  },
  { what: 'nothing', image, referrers: [] },
];

/** The public key of the cases. */
export const CASE_KEY = `${FIXTURES}${KEY}.pub`;
