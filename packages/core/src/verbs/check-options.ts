import type { Writable } from 'node:stream';
import { z } from 'zod';
import { ON_EXISTING } from '../copy/tags.ts';
import { AirgapError } from '../model/errors.ts';
import { NAMINGS } from '../reference/relocation.ts';

/** The largest number of concurrent transfers per host. */
const MAX_CONCURRENCY = 256;

/** The longest time that a timer takes, in ms. */
const MAX_TIMEOUT = 2 ** 31 - 1;
/** The latest time of a tar's entry, in seconds since 1970. */
const MAX_EPOCH = 9_999_999_999;

const isOpenStream = (value: unknown): boolean => {
  const { write, once, writableEnded } = (value ?? {}) as Partial<Writable>;
  return typeof write === 'function' && typeof once === 'function' && writableEnded !== true;
};
const isIterable = (value: unknown): boolean =>
  typeof (value as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === 'function';

const text = z.string({ error: 'must be a string' });
const withoutNul = text.refine(value => !value.includes('\0'), { error: 'must not contain a NUL character' });
const path = withoutNul.min(1, { error: 'must not be empty' });
const paths = z.array(path, { error: 'must be a list of paths' });
const callback = z.custom(value => typeof value === 'function', { error: 'must be a function' }).optional();
const signal = z
  .custom(value => value instanceof AbortSignal, { error: 'must be an AbortSignal' })
  .optional();
const milliseconds = z
  .number({ error: 'must be a number of milliseconds' })
  .positive()
  .max(MAX_TIMEOUT, { error: `must be at most ${MAX_TIMEOUT} milliseconds` })
  .optional();
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

const flag = z.boolean({ error: 'must be true or false' }).optional();
const hosts = z.array(text, { error: 'must be a list of hosts' }).optional();
const names = z.array(text, { error: 'must be a list of names or patterns' }).optional();
const credentials = z.looseObject(
  { username: text, password: text },
  { error: 'must have a username and a password' },
);
const mirrors = z.record(z.string(), z.union([text, z.array(text)]), {
  error: 'must map registries to URLs, or to lists of URLs',
});
const credentialFile = z.union([path, z.looseObject({ name: text, text })], {
  error: 'must be a list of paths, or of objects with name and text',
});
const authority = z.looseObject({ pem: text }, { error: 'must be a list of objects with pem' });
const clientCertificate = z.looseObject(
  { cert: text, key: text },
  { error: 'must be a list of objects with cert and key' },
);
const texts = z.array(text, { error: 'must be a list of strings' }).optional();
const helm = z.looseObject(
  { values: texts, set: texts, kubeVersion: text.optional(), apiVersions: texts, includeOptional: flag },
  { error: 'must be an object' },
);
const compose = z.looseObject(
  {
    variables: z.record(z.string(), text, { error: 'must map names to strings' }).optional(),
    envFiles: texts,
  },
  { error: 'must be an object' },
);
const locations = z.looseObject(
  {
    app: text.optional(),
    registryDomain: text.optional(),
    proxyDomain: text.optional(),
    registries: z.record(z.string(), text, { error: 'must map registries to hosts' }).optional(),
  },
  { error: 'must be an object with app and registries' },
);
const rule = z.looseObject(
  { rule: text, severity: text },
  { error: 'must be a list of rules with severities' },
);

/** The options of all verbs. Their values are checked as far as a wrong type would end in an error of JavaScript. */
const FIELDS = {
  specs: z.array(source, { error: 'must be a list of input files' }),
  bundle: z.union([path, z.custom(isIterable)], { error: 'must be a path' }),
  bundles: paths,
  partSize: text.optional(),
  object: path.optional(),
  plan: z.union([text, z.looseObject({})], { error: 'must be a plan, or the digest of one' }).optional(),
  shard: z.int({ error: 'must be an integer' }).nonnegative({ error: 'must not be negative' }).optional(),
  shards: z.int({ error: 'must be an integer' }).optional(),
  output: z.union([withoutNul, z.custom(isOpenStream)], {
    error: 'must be a path or an open writable stream',
  }),
  source,
  names: z.array(path, { error: 'must be a list of names' }),
  name: path,
  file: path,
  path,
  folder: path,
  store: path,
  save: path.optional(),
  target: path,
  dropAttestations: flag,
  maxLayer: z.number({ error: 'must be a number of bytes' }).positive().optional(),
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
  allowMissingBase: flag,
  diffIds: flag,
  images: names,
  exclude: names,
  include: z.array(z.looseObject({ pattern: text }), { error: 'must be a list of patterns' }),
  includeUnread: flag,
  imagePaths: z.record(z.string(), z.array(text), { error: 'must map kinds to lists of paths' }),
  locations,
  rules: z.array(rule, { error: 'must be a list of rules with severities' }),
  helm,
  compose,
  strict: flag,
  referrers: flag,
  dryRun: flag,
  checkBlobs: flag,
  naming: z.enum(NAMINGS, { error: `must be one of ${NAMINGS.join(', ')}` }),
  onExisting: z.enum(ON_EXISTING, { error: `must be one of ${ON_EXISTING.join(', ')}` }),
  mirrors,
  plainHttp: hosts,
  insecure: hosts,
  credentials: z.record(z.string(), credentials, { error: 'must map hosts to credentials' }),
  credentialFiles: z.array(credentialFile, { error: 'must be a list of files' }),
  ca: z.array(authority, { error: 'must be a list of objects with pem' }),
  caFolders: z.array(path, { error: 'must be a list of folders' }),
  clientCertificates: z.array(clientCertificate, { error: 'must be a list of objects with cert and key' }),
  proxy: z.looseObject(
    { http: text.optional(), https: text.optional(), no: text.optional() },
    { error: 'must be an object with http, https and no' },
  ),
  login: credentials,
  key: path,
  password: z
    .union([text, z.custom(value => typeof value === 'function')], {
      error: 'must be a string or a function',
    })
    .optional(),
  also: paths.optional(),
  kots: z.looseObject({}, { error: 'must be an object' }).optional(),
  sign: z.looseObject({ key: path }, { error: 'must be an object with key' }).optional(),
  checksums: z.union([z.boolean(), path], { error: 'must be true, false or a path' }).optional(),
  publicKey: path.optional(),
  signature: path.optional(),
  digest: text.optional(),
  locked: path.optional(),
  check: flag,
  update: z.array(text, { error: 'must be a list of patterns' }).optional(),
  platforms,
  imagePlatforms: z.record(z.string(), platforms, { error: 'must map patterns to platforms' }),
  sourceDateEpoch: z
    .int({ error: 'must be a number of seconds' })
    .nonnegative()
    .max(MAX_EPOCH, { error: `must be at most ${MAX_EPOCH} seconds` }),
  concurrency,
  timeout: milliseconds,
  signal,
  onEvent: callback,
  companions: callback,
} as const;

/** The verbs that also write to streams. */
const STREAMING: ReadonlySet<string> = new Set(['build']);

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
    const isPath = field === 'output' && !STREAMING.has(verb);
    const result = (isPath ? withoutNul : schema).safeParse(given[field]);
    if (!result.success) throw usage(verb, `${field} ${reasonOf(result.error.issues)}`);
  }
}

/** The message of the innermost issue, after the key or index that it is about. */
function reasonOf([issue]: readonly z.core.$ZodIssue[]): string {
  const at = issue?.path.map(String).join('.');
  return at ? `(${at}) ${issue?.message}` : `${issue?.message}`;
}

function usage(verb: string, problem: string): AirgapError {
  return new AirgapError('USAGE', `${verb}: ${problem}`, { hint: 'Correct the option.' });
}
