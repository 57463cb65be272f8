import { expect, it } from 'vitest';
import { separateInputs } from './optional-values.ts';

const HERE = 'package.json';

it.each([
  ['an input', ['build', '--locked', HERE], ['build', '--locked=airgap.lock', HERE]],
  ['an input of lock', ['lock', '--update', HERE], ['lock', '--update=*', HERE]],
  ['a lock', ['build', HERE, '--locked', 'other.lock'], ['build', HERE, '--locked', 'other.lock']],
  ['a pattern', ['lock', HERE, '--update', 'quay.io/*'], ['lock', HERE, '--update', 'quay.io/*']],
  ['nothing', ['build', HERE, '--locked'], ['build', HERE, '--locked']],
  ['an option', ['build', '--locked', '-o', HERE], ['build', '--locked', '-o', HERE]],
  ['a value after =', ['build', `--locked=${HERE}`, HERE], ['build', `--locked=${HERE}`, HERE]],
])('an option with an optional value and %s behind it', (_what, argv, expected) => {
  expect(separateInputs(argv)).toEqual(expected);
});
