import type { Spec } from '../input/model/spec.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import { reasonOfListed, reasonOfUnread, reasonOfUsed } from '../input/reason.ts';
import { type RegistrySettings, toReference } from '../input/references.ts';
import { usedReference } from '../input/requests.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { Reference } from '../reference/reference.ts';
import { checkOptions } from './check-options.ts';

/** Options of `images`. */
export interface ImagesOptions extends SpecOptions {
  readonly locations?: RegistrySettings | undefined;
}

/** A position that names an image, and its reason, for example `container web of Deployment shop`. */
export interface Mention extends Position {
  readonly reason: string;
}

/** An image and every position that names it. */
export interface FoundImage {
  /** The canonical reference. */
  readonly reference: string;
  /** Positions in lists. */
  readonly listed: readonly Mention[];
  /** Positions in manifests that use it. */
  readonly used: readonly Mention[];
}

/** A string that looks like an image, and every position that has it. */
export interface UnreadReference {
  /** The canonical reference. */
  readonly reference: string;
  readonly mentions: readonly Mention[];
}

/** A part of the input whose images are unknown. */
export interface InputProblem {
  readonly message: string;
  readonly hint: string | undefined;
  readonly position: Position | undefined;
}

export interface ImagesResult {
  /** Each image once, in order of first mention, lists first. */
  readonly images: readonly FoundImage[];
  /** Used images whose name contains a template. */
  readonly templated: readonly { readonly text: string; readonly position: Position }[];
  /** Strings that look like images where no format reads one; `includeUnread` takes them. Each image once. */
  readonly unread: readonly UnreadReference[];
  /** Input that could not be read, and images that cannot be located. */
  readonly parseErrors: readonly InputProblem[];
  /** Charts and kustomizations that could not be rendered. */
  readonly renderErrors: readonly InputProblem[];
  /** What was left out of the input, and images that depend on what the customer chooses. */
  readonly notes: readonly InputProblem[];
}

/** Finds every listed or used image in the input. @throws AirgapError `INPUT` for a file that cannot be read */
export async function images(options: ImagesOptions): Promise<ImagesResult> {
  checkOptions('images', options, ['specs']);
  const { locations = {} } = options;
  const spec = await readSpec(options);
  const found = new Map<string, { reference: string; listed: Mention[]; used: Mention[] }>();
  const errors: AirgapError[] = [];
  const add = (kind: 'listed' | 'used', mention: Mention, find: () => Reference) => {
    try {
      const located = find();
      if (spec.excluded.matches(located)) return;
      const reference = located.toString();
      const image = found.get(reference) ?? { reference, listed: [], used: [] };
      image[kind].push(mention);
      found.set(reference, image);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(error);
    }
  };
  for (const image of spec.listed)
    add('listed', { ...image.position, reason: reasonOfListed(image) }, () => toReference(image, locations));
  for (const used of spec.used)
    if (!used.image.templated)
      add('used', { ...used.image.position, reason: reasonOfUsed(used) }, () => usedReference(used));
  const templated = spec.used
    .filter(({ image }) => image.templated)
    .map(({ image }) => ({ text: image.value, position: image.position }));
  return {
    images: [...found.values()],
    templated,
    unread: unreadReferences(spec, new Set(found.keys())),
    parseErrors: [...spec.parseErrors, ...errors].map(problemOf),
    renderErrors: spec.renderErrors.map(problemOf),
    notes: spec.notes,
  };
}

/** Returns the images that only unread strings name. */
function unreadReferences({ unread }: Spec, found: ReadonlySet<string>): UnreadReference[] {
  const references = new Map<string, Mention[]>();
  for (const image of unread) {
    const reference = Reference.parse(image.image.value).toString();
    if (found.has(reference)) continue;
    const mentions = references.get(reference) ?? [];
    mentions.push({ ...image.image.position, reason: reasonOfUnread(image) });
    references.set(reference, mentions);
  }
  return [...references].map(([reference, mentions]) => ({ reference, mentions }));
}

function problemOf({ message, hint, where }: AirgapError): InputProblem {
  return { message, hint, position: where.position };
}
