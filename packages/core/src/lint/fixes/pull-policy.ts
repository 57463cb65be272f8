import { addKey, keyOf, pairsOf, setValue } from '../../edit/mapping.ts';
import type { YamlText } from '../../edit/yaml-text.ts';
import type { UsedImage } from '../../input/model/spec.ts';
import type { Text } from '../../input/model/text.ts';
import type { FixEdit } from './fix.ts';
import type { FixContext } from './fix-context.ts';

const SAFE = 'IfNotPresent';
/** From the key that names an image to the one beside it that says when it is pulled. */
const POLICY_KEYS: ReadonlyMap<string | undefined, string> = new Map([
  ['image', 'imagePullPolicy'],
  ['reference', 'pullPolicy'],
]);

/** Makes a container use the image that is there: its pull policy is corrected, or added below its image. */
export function* setPullPolicy(subject: FixContext, { image, pullPolicies }: UsedImage): Generator<FixEdit> {
  const [policy, ...others] = pullPolicies;
  const { position } = policy ?? image;
  const text = subject.text(position.file);
  const place = text?.placeAt(position);
  if (!text || !place || others.length > 0) return;
  if (policy && isInAnotherBranch(text, image, policy)) return;
  const key = policy ? keyOf(place.pair) : POLICY_KEYS.get(keyOf(place.pair));
  if (key === undefined) return;
  const [own, ...twins] = policy ? [place.pair] : pairsOf(place, key);
  if (twins.length > 0) return;
  const edit = own ? setValue(text, own, SAFE) : addKey(text, place, key, SAFE);
  if (edit) yield { ...edit, file: position.file, message: `set ${key}: ${SAFE}` };
}

/** A line of nothing but a template between the two may let one of them stand without the other. */
function isInAnotherBranch(text: YamlText, image: Text, policy: Text): boolean {
  const [one, other] = [image.position.line, policy.position.line];
  const between = text.linesBetween(Math.min(one, other), Math.max(one, other));
  return between.some(line => /^\s*(?:repl)?\{\{/.test(line));
}
