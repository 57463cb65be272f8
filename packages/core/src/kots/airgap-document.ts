import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { AIRGAP_DOCUMENT } from './archive-names.ts';

/** A version that must be installed before this one. */
export interface RequiredRelease {
  readonly versionLabel: string;
  readonly updateCursor: string;
}

/** The `spec` of an Airgap document (kotskinds, `kots.io/v1beta1`), in the order in which it is written. */
export interface AirgapSpec {
  readonly appSlug?: string | undefined;
  readonly channelID?: string | undefined;
  readonly channelName?: string | undefined;
  readonly versionLabel?: string | undefined;
  readonly updateCursor?: string | undefined;
  readonly isRequired?: boolean | undefined;
  readonly requiredReleases?: readonly RequiredRelease[] | undefined;
  readonly releaseNotes?: string | undefined;
  /** The signature of the app's slug, which KOTS before 1.129.1 requires. */
  readonly signature?: string | undefined;
  readonly format?: string | undefined;
  readonly savedImages?: readonly string[] | undefined;
  /** The size of the archive's content, in bytes. */
  readonly uncompressedSize?: number | undefined;
}

const text = z
  .string()
  .nullish()
  .transform(value => value ?? undefined);
const documentSchema = z.looseObject({
  apiVersion: z.literal('kots.io/v1beta1'),
  kind: z.literal('Airgap'),
  spec: z.looseObject({
    appSlug: text,
    channelID: text,
    channelName: text,
    versionLabel: text,
    // KOTS reads a string; people write a number.
    updateCursor: z
      .union([z.string(), z.number().transform(String)])
      .nullish()
      .transform(value => value ?? undefined),
    isRequired: z
      .boolean()
      .nullish()
      .transform(value => value ?? undefined),
    requiredReleases: z
      .array(z.looseObject({ versionLabel: z.string(), updateCursor: z.coerce.string() }))
      .nullish()
      .transform(value => value ?? undefined),
    releaseNotes: text,
    signature: text,
    format: text,
    savedImages: z
      .array(z.string())
      .nullish()
      .transform(value => value ?? undefined),
    uncompressedSize: z
      .number()
      .nullish()
      .transform(value => value ?? undefined),
  }),
});

/** Parses an `airgap.yaml`, YAML or JSON; unknown fields of its `spec` are preserved. @throws AirgapError `BUNDLE` */
export function parseAirgapDocument(source: string, path: string): AirgapSpec {
  const result = documentSchema.safeParse(parseYaml(source, path));
  if (result.success) return result.data.spec;
  const [issue] = result.error.issues;
  throw invalid(path, `${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
}

/** Formats an `airgap.yaml`. Fields without a value are omitted. */
export function formatAirgapDocument(spec: AirgapSpec): string {
  const known = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  return stringify({ apiVersion: 'kots.io/v1beta1', kind: 'Airgap', spec: known }, { lineWidth: 0 });
}

function parseYaml(source: string, path: string): unknown {
  try {
    return parse(source, { maxAliasCount: 100 });
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n', 1);
    throw invalid(path, reason.replace(/:$/, ''));
  }
}

function invalid(path: string, reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid ${AIRGAP_DOCUMENT}: ${reason}`, {
    where: { path },
    hint: 'Fetch the .airgap again.',
  });
}
