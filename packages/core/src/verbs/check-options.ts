import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';

/** The largest number of concurrent transfers per host. */
const MAX_CONCURRENCY = 256;

const isStream = (value: unknown): boolean =>
  typeof (value as { write?: unknown } | null)?.write === 'function';
const isIterable = (value: unknown): boolean =>
  typeof (value as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === 'function';

const text = z.string({ error: 'must be a string' });
const path = text.min(1, { error: 'must not be empty' });
const paths = z.array(path, { error: 'must be a list of paths' });
const callback = z.custom(value => typeof value === 'function', { error: 'must be a function' }).optional();
const signal = z
  .custom(value => value instanceof AbortSignal, { error: 'must be an AbortSignal' })
  .optional();
const milliseconds = z.number({ error: 'must be a number of milliseconds' }).positive().optional();
const concurrency = z
  .int({ error: `must be an integer from 1 to ${MAX_CONCURRENCY}` })
  .min(1, { error: `must be an integer from 1 to ${MAX_CONCURRENCY}` })
  .max(MAX_CONCURRENCY, { error: `must be an integer from 1 to ${MAX_CONCURRENCY}` })
  .optional();
const platform = z.union([text, z.looseObject({ os: text, architecture: text })], {
  error: 'must be a platform, for example linux/amd64',
});
const platforms = z.union([z.literal('all'), z.array(platform).min(1)], {
  error: "must be 'all' or a list of platforms",
});
const source = z.union([path, z.looseObject({ file: text, text })], {
  error: 'must be a path, or an object with file and text',
});

/** The options that verbs have in common. Those that are not listed here are checked where they are used. */
const FIELDS = {
  specs: z.array(source, { error: 'must be a list of input files' }),
  bundle: z.union([path, z.custom(isIterable)], { error: 'must be a path' }),
  bundles: paths,
  output: z.union([text, z.custom(isStream)], { error: 'must be a path or a writable stream' }),
  target: path,
  report: path.optional(),
  since: path.optional(),
  old: path,
  new: path,
  registry: path,
  reuse: paths.optional(),
  from: z.array(path, { error: 'must be a list of local sources' }).optional(),
  base: paths.optional(),
  bases: paths.min(1, { error: 'must not be empty' }),
  deltaFrom: paths.optional(),
  delta: path,
  part: path,
  split: text.optional(),
  images: z.array(text, { error: 'must be a list of names or patterns' }).optional(),
  platforms,
  imagePlatforms: z.record(z.string(), platforms, { error: 'must map patterns to platforms' }),
  sourceDateEpoch: z.int({ error: 'must be a number of seconds' }).nonnegative(),
  concurrency,
  timeout: milliseconds,
  signal,
  onEvent: callback,
} as const;

type Field = keyof typeof FIELDS;

/**
 * Checks the options of a verb at its door.
 *
 * @param required the options that must be there
 * @throws AirgapError `USAGE` that names the option and what it must be
 */
export function checkOptions(verb: string, options: unknown, required: readonly Field[]): void {
  if (typeof options !== 'object' || options === null)
    throw usage(verb, `the options must be an object, got ${String(options)}`);
  const given = options as Readonly<Record<string, unknown>>;
  for (const field of required) if (given[field] === undefined) throw usage(verb, `${field} is required`);
  for (const [field, schema] of Object.entries(FIELDS)) {
    if (given[field] === undefined) continue;
    const result = schema.safeParse(given[field]);
    if (!result.success) throw usage(verb, `${field} ${result.error.issues[0]?.message}`);
  }
}

function usage(verb: string, problem: string): AirgapError {
  return new AirgapError('USAGE', `${verb}: ${problem}`, { hint: 'Correct the option.' });
}
