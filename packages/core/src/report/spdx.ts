import {
  type BundleReport,
  distinctLayers,
  type ReportedImage,
  type ReportedLayer,
} from './bundle-report.ts';
import { packageUrl, splitName } from './package-url.ts';

const DOCUMENT = 'SPDXRef-DOCUMENT';
const BUNDLE = 'SPDXRef-Bundle';
/** SPDX requires a time. This one is the mtime of the entries of a bundle. */
const CREATED = '1970-01-01T00:00:00Z';

/** An SPDX document (https://spdx.github.io/spdx-spec/v2.3). */
export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3';
  readonly dataLicense: 'CC0-1.0';
  readonly SPDXID: string;
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly object[];
  readonly relationships: readonly SpdxRelationship[];
}

interface SpdxRelationship {
  readonly spdxElementId: string;
  readonly relationshipType: 'DESCRIBES' | 'CONTAINS';
  readonly relatedSpdxElement: string;
}

/** Describes a bundle as SPDX 2.3: the bundle contains images, which contain layers. The same bundle gives the same document. */
export function spdx(report: BundleReport): SpdxDocument {
  const hex = report.contents.slice('sha256:'.length);
  const images = report.images.map((image, index) => ({ image, id: `SPDXRef-Image-${index + 1}` }));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: 'airgap bundle',
    documentNamespace: `urn:airgap:bundle:${hex}`,
    creationInfo: { created: CREATED, creators: ['Tool: airgap'] },
    packages: [
      packageOf(BUNDLE, { name: 'airgap bundle', versionInfo: report.contents }),
      ...images.map(({ image, id }) => imagePackage(id, image)),
      ...distinctLayers(report).map(layerPackage),
    ],
    relationships: [
      relationship(DOCUMENT, 'DESCRIBES', BUNDLE),
      ...images.flatMap(({ image, id }) => [
        relationship(BUNDLE, 'CONTAINS', id),
        ...image.layers.map(layer => relationship(id, 'CONTAINS', layerId(layer))),
      ]),
    ],
  };
}

function imagePackage(id: string, image: ReportedImage): object {
  const { name, tag } = splitName(image.name);
  const purl = packageUrl(image.name, image.digest);
  return packageOf(id, {
    name,
    ...(tag === undefined ? {} : { versionInfo: tag }),
    checksums: [checksum(image.digest)],
    ...(purl === undefined ? {} : { externalRefs: [purlReference(purl)] }),
  });
}

function layerPackage(layer: ReportedLayer): object {
  return packageOf(layerId(layer), { name: layer.digest, checksums: [checksum(layer.digest)] });
}

function packageOf(id: string, fields: object): object {
  return { SPDXID: id, ...fields, downloadLocation: 'NOASSERTION', filesAnalyzed: false };
}

function layerId({ digest }: ReportedLayer): string {
  return `SPDXRef-Layer-${digest.slice('sha256:'.length)}`;
}

function checksum(digest: string): object {
  return { algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) };
}

function purlReference(referenceLocator: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator };
}

function relationship(
  spdxElementId: string,
  relationshipType: SpdxRelationship['relationshipType'],
  relatedSpdxElement: string,
): SpdxRelationship {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}
