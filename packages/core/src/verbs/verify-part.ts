import { AirgapError } from '../model/errors.ts';
import { isUrl } from '../model/path-or-url.ts';
import { readPublicKey } from '../signing/public-key.ts';
import { checkSignature } from '../signing/signature-file.ts';
import { verifyPart } from '../verify/part-sum.ts';
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
