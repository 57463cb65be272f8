import { addKey, keyOf, pairsOf, setValue } from '../../edit/mapping.ts';
import type { YamlText } from '../../edit/yaml-text.ts';
import type { UsedImage } from '../../input/model/spec.ts';
import type { Text } from '../../input/model/text.ts';
import type { FixEdit } from './fix.ts';
import type { FixContext } from './fix-context.ts';

const SAFE = 'IfNotPresent';
/** The key of an image → the key of its pull policy. */
const POLICY_KEYS: ReadonlyMap<string | undefined, string> = new Map([
  ['image', 'imagePullPolicy'],
  ['reference', 'pullPolicy'],
]);

/** Sets the pull policy of a container to IfNotPresent: corrects the existing one, or adds one below the image. */
export function* setPullPolicy(context: FixContext, { image, pullPolicies }: UsedImage): Generator<FixEdit> {
  const policy = pullPolicies[0];
  const { position } = policy ?? image;
  const text = context.text(position.file);
  const place = text?.placeAt(position);
  if (!text || !place || pullPolicies.length > 1) return;
  if (policy && isInAnotherBranch(text, image, policy)) return;
  const key = policy ? keyOf(place.pair) : POLICY_KEYS.get(keyOf(place.pair));
  if (key === undefined) return;
  const existing = policy ? [place.pair] : pairsOf(place, key);
  if (existing.length > 1) return;
  const pair = existing[0];
  const edit = pair ? setValue(text, pair, SAFE) : addKey(text, place, key, SAFE);
  if (edit) yield { ...edit, file: position.file, message: `set ${key}: ${SAFE}` };
}

/** A line with only a template between image and policy may put them into different branches. */
function isInAnotherBranch(text: YamlText, image: Text, policy: Text): boolean {
  const lines = [image.position.line, policy.position.line];
  const between = text.linesBetween(Math.min(...lines), Math.max(...lines));
  return between.some(line => /^\s*(?:repl)?\{\{/.test(line));
}
