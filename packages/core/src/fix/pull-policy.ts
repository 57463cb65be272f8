import type { UsedImage } from '../spec/image.ts';
import type { Edit } from './edit.ts';
import type { FixEdit } from './fix.ts';
import { addKey, keyOf, pairsOf, setValue } from './mapping.ts';
import type { FixSubject } from './subject.ts';

const SAFE = 'IfNotPresent';
/** From the key that names an image to the one beside it that says when it is pulled. */
const POLICY_KEYS: ReadonlyMap<string | undefined, string> = new Map([
  ['image', 'imagePullPolicy'],
  ['reference', 'pullPolicy'],
]);

/** Makes a container use the image that is there: its pull policy is corrected, or added below its image. */
export function* setPullPolicy(subject: FixSubject, used: UsedImage): Generator<FixEdit> {
  const position = used.pullPolicy?.position ?? used.image.position;
  const text = subject.text(position.file);
  const place = text?.placeAt(position);
  if (!text || !place) return;
  const key = used.pullPolicy ? keyOf(place.pair) : POLICY_KEYS.get(keyOf(place.pair));
  if (key === undefined) return;
  const [own, ...others] = used.pullPolicy ? [place.pair] : pairsOf(place, key);
  if (others.length > 0) return;
  const edit: Edit | undefined = own ? setValue(text, own, SAFE) : addKey(text, place, key, SAFE);
  if (edit) yield { ...edit, file: position.file, message: `set ${key}: ${SAFE}` };
}
