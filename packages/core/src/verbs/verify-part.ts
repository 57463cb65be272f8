import { AirgapError } from '../model/errors.ts';
import { isUrl } from '../model/path-or-url.ts';
import { readPublicKey } from '../signing/public-key.ts';
import { checkSignature } from '../signing/signature-file.ts';
import { findDamagedParts, verifyPart } from '../verify/part-sum.ts';
import type { VerifyOptions, VerifyResult } from './verify.ts';

/**
 * Verifies one part without the others; undefined when the path is not that of one.
 *
 * @throws AirgapError `CONTENT` when it is not the part that `publicKey` has signed; `USAGE` for what needs all parts
 */
export async function verifyOnePart(options: VerifyOptions): Promise<VerifyResult | undefined> {
  const { bundle: path, publicKey, signal } = options;
  if (typeof path !== 'string' || isUrl(path)) return undefined;
  const key = publicKey === undefined ? undefined : await readPublicKey(publicKey);
  const part = await verifyPart(path, signal, async sums => {
    refuseOnePart(path, options);
    if (key) await checkSignature(sums, key, options);
  });
  if (part === undefined) return undefined;
  const { checksums, size: bytes, problems } = part;
  const [problem] = problems;
  if (key && problem) throw new AirgapError('CONTENT', problem.message, { where: { path } });
  const listed = { path: checksums, ...(key ? { signedBy: key.path } : {}) };
  return { path, form: 'part', checksums: listed, signatures: [], images: [], blobs: 0, bytes, problems };
}

/**
 * Verifies a bundle; if blobs of one in parts are damaged, it says which parts are.
 *
 * @throws AirgapError what `run` throws; with the parts as details, for a bundle that is not the listed one
 */
export async function namingParts(
  { bundle, signal }: VerifyOptions,
  run: () => Promise<VerifyResult>,
): Promise<VerifyResult> {
  const find = async () =>
    typeof bundle !== 'string' || isUrl(bundle) ? [] : findDamagedParts(bundle, signal);
  try {
    const result = await run();
    const isReadable = result.blobs > 0;
    if (result.problems.length === 0 || !isReadable) return result;
    return { ...result, problems: [...(await find()), ...result.problems] };
  } catch (error) {
    // Without details, the bundle was refused before its blobs were read.
    if (!(error instanceof AirgapError) || error.details.length === 0) throw error;
    const parts = (await find()).map(({ message }) => new AirgapError('CONTENT', message));
    throw AirgapError.all([error, ...parts], 'the bundle does not match its checksums');
  }
}

/** One part says nothing of the whole bundle. @throws AirgapError `USAGE` */
function refuseOnePart(path: string, { checksums, digest, diffIds, signatures = [] }: VerifyOptions): void {
  const given = {
    checksums,
    digest,
    diffIds: diffIds || undefined,
    signatures: signatures.length > 0 ? signatures : undefined,
  };
  const name = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (name === undefined) return;
  throw new AirgapError('USAGE', `verify: ${name} cannot be used with one part`, {
    where: { path },
    hint: 'Put all parts into one folder and pass the first one.',
  });
}
