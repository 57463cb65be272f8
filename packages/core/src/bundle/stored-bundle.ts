import type { BlobOrder } from '../layout/blob-order.ts';
import { DirectoryFiles } from '../layout/directory-files.ts';
import { expectedTar } from '../layout/expected-tar.ts';
import { Layout } from '../layout/layout.ts';
import { openStorage, refuseUrl } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { framingProblem } from '../tar/framing.ts';
import { planTar } from '../tar/plan.ts';
import type { BundleInput, BundlePlan } from './entry-content.ts';
import { LayoutContents } from './layout-contents.ts';

/** A bundle or a delta that is stored in a file or in parts, with the plan of exactly its bytes. */
export class StoredBundle implements AsyncDisposable {
  readonly layout: Layout;
  readonly plan: BundlePlan;
  readonly order: BlobOrder;
  /** The digest of its `index.json`. */
  readonly index: Digest;

  private constructor(layout: Layout, plan: BundlePlan, order: BlobOrder, index: Digest) {
    this.layout = layout;
    this.plan = plan;
    this.order = order;
    this.index = index;
  }

  /**
   * Opens a bundle, and checks that a plan of it has the same bytes.
   *
   * @throws AirgapError `INPUT` when it cannot be read or no build wrote it, `BUNDLE` when it is damaged
   */
  static async open(path: string): Promise<StoredBundle> {
    refuseUrl(path);
    const storage = await openStorage(path);
    try {
      if (storage instanceof DirectoryFiles) throw notBundle(path, 'directory');
      const files = await TarFiles.open(storage);
      if (files.form === 'archive') throw notBundle(path, files.form);
      // The entries of a delta as they are stored, not those of its complete bundle.
      const layout = new Layout(files);
      const contents = await LayoutContents.read(layout);
      const plan = await planStored(storage, contents);
      const index = digestOf(await layout.documentBytes('index.json'));
      return new StoredBundle(layout, plan, contents.order, index);
    } catch (error) {
      await storage[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.layout[Symbol.asyncDispose]();
  }
}

/** @throws AirgapError `BUNDLE` when the tar has other bytes than its plan */
async function planStored(tar: RandomAccess, contents: LayoutContents): Promise<BundlePlan> {
  const expected = await expectedTar(tar);
  if (expected?.size !== tar.size) throw damaged(tar, `expected ${expected?.size} bytes, got ${tar.size}`);
  const inputs: BundleInput[] = [];
  for (const { name, size, headerOffset, offset } of expected.entries) {
    const entry = { name, size, headerOffset, offset, mtime: expected.mtime, type: '0' };
    const problem = await framingProblem(tar, entry);
    if (problem) throw damaged(tar, `${problem}: ${name} (at byte ${headerOffset})`);
    inputs.push(await contents.input(name, size));
  }
  return planTar(inputs, expected.mtime);
}

function notBundle(path: string, form: 'archive' | 'directory'): AirgapError {
  return new AirgapError('INPUT', `not a bundle: an OCI ${form}`, {
    where: { path },
    hint: 'Pass a bundle or a delta that airgap wrote.',
  });
}

function damaged({ location }: RandomAccess, reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid or incomplete bundle: ${reason}`, {
    where: { path: location },
    hint: 'Run airgap verify to list all problems, then fetch the bundle again.',
  });
}
