import {
  type BundleReport,
  distinctLayers,
  type ReportedImage,
  type ReportedLayer,
} from './bundle-report.ts';
import { packageUrl, splitName } from './package-url.ts';

/** The bundle itself, as the subject of the document. */
const BUNDLE = 'bundle';

/** A CycloneDX document (https://cyclonedx.org/docs/1.6/json). */
export interface CycloneDxDocument {
  readonly $schema: string;
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: number;
  readonly metadata: object;
  readonly components: readonly CycloneDxComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface CycloneDxComponent {
  readonly type: 'container' | 'data' | 'file';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

/**
 * Describes a bundle as CycloneDX 1.6: its images, their layers, and which image needs which layer. It has no time and
 * no path: the same bundle gives the same document. The packages in the images are not listed.
 */
export function cycloneDx(report: BundleReport): CycloneDxDocument {
  const images = distinctImages(report.images);
  const layers = distinctLayers(report);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(report.contents)}`,
    version: 1,
    metadata: {
      tools: { components: [{ type: 'application', name: 'airgap' }] },
      component: { type: 'file', 'bom-ref': BUNDLE, name: 'airgap bundle', version: report.contents },
    },
    components: [...images.map(imageComponent), ...layers.map(layerComponent)],
    dependencies: [
      { ref: BUNDLE, dependsOn: images.map(refOf) },
      ...images.map(image => ({ ref: refOf(image), dependsOn: neededBy(image, images) })),
      ...layers.map(({ digest }) => ({ ref: digest, dependsOn: [] })),
    ],
  };
}

/** The images, each name with its digest once: a document has no reference twice. */
function distinctImages(images: readonly ReportedImage[]): ReportedImage[] {
  return [...new Map(images.map(image => [refOf(image), image])).values()];
}

function refOf({ name, digest }: ReportedImage): string {
  return `image:${name}@${digest}`;
}

/** The layers of an image; for a signature or another referrer, also the images that it refers to. */
function neededBy({ layers, subject }: ReportedImage, images: readonly ReportedImage[]): string[] {
  const subjects = subject === undefined ? [] : images.filter(({ digest }) => digest === subject);
  return [...new Set([...subjects.map(refOf), ...layers.map(({ digest }) => digest)])];
}

function imageComponent(image: ReportedImage): CycloneDxComponent {
  const { name, tag } = splitName(image.name);
  const purl = packageUrl(image.name, image.digest);
  const properties = [
    property('mediaType', image.mediaType),
    property('size', String(image.bytes)),
    property('uniqueSize', String(image.uniqueBytes)),
    ...image.platforms.map(platform => property('platform', platform)),
  ];
  return {
    type: image.platforms.length > 0 ? 'container' : 'data',
    'bom-ref': refOf(image),
    name,
    ...(tag === undefined ? {} : { version: tag }),
    ...(purl === undefined ? {} : { purl }),
    hashes: [hashOf(image.digest)],
    properties,
  };
}

function layerComponent({ digest, size, mediaType, sharedBy }: ReportedLayer): CycloneDxComponent {
  return {
    type: 'data',
    'bom-ref': digest,
    name: digest,
    hashes: [hashOf(digest)],
    properties: [
      property('mediaType', mediaType),
      property('size', String(size)),
      property('images', String(sharedBy)),
    ],
  };
}

function property(name: string, value: string) {
  return { name: `airgap:${name}`, value };
}

function hashOf(digest: string): { alg: 'SHA-256'; content: string } {
  return { alg: 'SHA-256', content: digest.slice('sha256:'.length) };
}

/** A UUID of version 8 (RFC 9562) with the first bits of a digest. */
function uuidOf(digest: string): string {
  const bytes = Buffer.from(digest.slice('sha256:'.length), 'hex').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-');
}
