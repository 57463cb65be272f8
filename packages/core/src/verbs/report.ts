import { type OpenOptions, openLayout } from '../layout/open-layout.ts';
import type { Finding } from '../model/finding.ts';
import { absolutePath, baseName } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { digestOf } from '../oci/digest.ts';
import type { BundleReport } from '../report/bundle-report.ts';
import { type CycloneDxDocument, cycloneDx } from '../report/cyclonedx.ts';
import { htmlPage } from '../report/html.ts';
import { type SpdxDocument, spdx } from '../report/spdx.ts';
import type { SignatureRule } from '../signing/image-policy.ts';
import { checkOptions } from './check-options.ts';
import { diff } from './diff.ts';
import { inspect } from './inspect.ts';

/** The options of {@link billOfMaterials}. */
export interface BillOptions extends ObjectOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  readonly format: 'cyclonedx' | 'spdx';
}

/** The options of {@link htmlReport}. */
export interface HtmlReportOptions extends ObjectOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  /** The path of an older bundle, to show what has changed since. */
  readonly since?: string | undefined;
  /** What the lint found when the bundle was built. */
  readonly findings?: readonly Finding[] | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the images of a bundle and their layers as CycloneDX 1.6 or SPDX 2.3. The packages in the images are not listed.
 * The same bundle gives the same document.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `BUNDLE` when it is not a bundle, `CONTENT`
 * @example
 * const document = await billOfMaterials({ bundle: 'bundle.tar', format: 'cyclonedx' });
 */
export async function billOfMaterials({
  format,
  ...options
}: BillOptions): Promise<CycloneDxDocument | SpdxDocument> {
  checkOptions('billOfMaterials', options, ['bundle']);
  const report = await readReport(options.bundle, options);
  return format === 'spdx' ? spdx(report) : cycloneDx(report);
}

/**
 * Renders what is in a bundle as one HTML page without scripts: what shares what, images, layers, findings, signatures,
 * and what has changed since an older bundle.
 *
 * @throws AirgapError `INPUT` when a file cannot be read, `BUNDLE` when it is not a bundle, `CONTENT`
 * @example
 * writeFileSync('report.html', await htmlReport({ bundle: 'bundle.tar', since: 'older.tar' }));
 */
export async function htmlReport(options: HtmlReportOptions): Promise<string> {
  checkOptions('htmlReport', options, ['bundle']);
  const { bundle, since, findings } = options;
  const report = await readReport(bundle, options);
  const changes = since === undefined ? undefined : await diff({ ...options, old: since, new: bundle });
  return htmlPage(baseName(absolutePath(bundle)), { ...report, findings, changes });
}

async function readReport(
  bundle: string,
  options: OpenOptions & Pick<HtmlReportOptions, 'signatures'>,
): Promise<BundleReport> {
  const content = await inspect({ ...options, bundle });
  await using layout = await openLayout(bundle, options);
  return { ...content, contents: digestOf(await layout.documentBytes('index.json')) };
}
