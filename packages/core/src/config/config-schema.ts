import { z } from 'zod';
import { ImagePath, type ImagePaths } from '../input/formats/image-path.ts';
import { rules } from '../lint/rules/index.ts';
import { AirgapError } from '../model/errors.ts';
import { SEVERITIES } from '../model/finding.ts';
import { parsePlatform } from '../oci/platform.ts';
import { credentialSourceSchema } from './credential-source.ts';
import { DEFAULT_FLAGS } from './flag-defaults.ts';
import { mirrorKeyProblem, mirrorUrlProblem } from './mirror.ts';

const registrySchema = z.union([z.string().min(1), z.strictObject({ endpoint: z.string().min(1) })], {
  error: 'must be an endpoint, or a mapping with endpoint:',
});
const pathsSchema = z
  .union([z.string(), z.array(z.string())], { error: 'must be a path, or a list of paths' })
  .transform(paths => [paths].flat());
const PLATFORMS_ERROR = 'must be a platform, or a list of platforms';
const platformListSchema = z
  .union([z.string(), z.array(z.string())], { error: PLATFORMS_ERROR })
  .transform(platforms => [platforms].flat())
  .superRefine(checkPlatforms);
const platformsSchema = z.union([platformListSchema, z.record(z.string().min(1), platformListSchema)], {
  error: `${PLATFORMS_ERROR}, or a mapping of images to them`,
});
const mirrorsSchema = z
  .record(
    z.string(),
    z.union([z.string(), z.array(z.string())], { error: 'must be a URL, or a list of URLs' }),
  )
  .superRefine(checkMirrors);
const patternsSchema = z
  .union([z.string().min(1), z.array(z.string().min(1))], {
    error: 'must be a pattern, or a list of patterns',
  })
  .transform(patterns => [patterns].flat());
const signatureRuleSchema = z.strictObject(
  {
    pattern: z.string({ error: 'must be a pattern' }).min(1).describe('Pattern of image names'),
    key: z.string().min(1).optional().describe('File of the public key, relative to the config'),
    required: z
      .enum(['true', 'false'], { error: 'must be true or false' })
      .optional()
      .describe('Whether images without a signature are refused. Default true'),
  },
  { error: 'must be a mapping with pattern: and key:' },
);
const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);
const flagSchema = z
  .union([scalarSchema, z.array(scalarSchema)], { error: 'must be a value, or a list of values' })
  .transform(values => [values].flat().map(String));
const flagDefaultsSchema = z.strictObject(
  Object.fromEntries(DEFAULT_FLAGS.map(flag => [flag, flagSchema.optional()])),
);
const severitySchema = z.enum(['off', ...SEVERITIES], { error: 'must be off, info, warning or error' });

export const configSchema = z.strictObject({
  app: z.string().min(1).optional().describe('The slug of the application'),
  registries: z
    .record(z.string(), registrySchema)
    .optional()
    .describe('Third-party registries: the name in source: and its endpoint'),
  platforms: platformsSchema
    .optional()
    .describe('Platforms to include, or all; or images, as patterns, and their platforms: * for all others'),
  credentials: z
    .record(z.string(), credentialSourceSchema)
    .optional()
    .describe('Registry host and where its credentials are. Counts only in a trusted config'),
  mirrors: mirrorsSchema
    .optional()
    .describe('Registry host and the URLs of its mirrors, in order. Counts only in a trusted config'),
  signatures: z
    .array(signatureRuleSchema, { error: 'must be a list of rules' })
    .optional()
    .describe(
      'Which key must have signed which images; the first match counts. Counts only in a trusted config',
    ),
  imagePaths: z
    .record(z.string(), pathsSchema)
    .superRefine(checkPaths)
    .optional()
    .describe('Kind of an object and the paths of its image fields'),
  include: patternsSchema
    .optional()
    .describe('Images that no format reads: references, or patterns for strings in the input'),
  exclude: patternsSchema.optional().describe('Patterns of the images to leave out'),
  rules: z.record(z.string(), severitySchema).optional().describe('Lint rules and their severity, or off'),
  defaults: flagDefaultsSchema
    .optional()
    .describe('Flags without -- and their values. Those that name a host, a file or a key need trust'),
});

/** A top-level key of `airgap.yaml`. */
export type ConfigKey = keyof typeof configSchema.shape;

/** Returns the JSON schema of `airgap.yaml`, for editors (draft 7). */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  const ruleIds = { type: 'string', enum: rules.map(({ id }) => id).sort() };
  const { rules: ruleMap, ...properties } = schema.properties ?? {};
  const named = typeof ruleMap === 'object' ? { ...ruleMap, propertyNames: ruleIds } : ruleMap;
  return { ...schema, title: 'airgap.yaml', properties: { ...properties, rules: named } };
}

function checkPaths(paths: ImagePaths, context: z.RefinementCtx): void {
  for (const kind of Object.keys(paths))
    check(context, [kind], () => ImagePath.all({ [kind]: paths[kind] ?? [] }));
}

/** Reports the first invalid platform. */
function checkPlatforms(platforms: readonly string[], context: z.RefinementCtx): void {
  check(context, [], () => platforms.filter(platform => platform !== 'all').map(parsePlatform));
}

function checkMirrors(
  mirrors: Readonly<Record<string, string | readonly string[]>>,
  context: z.RefinementCtx,
): void {
  for (const [host, urls] of Object.entries(mirrors)) {
    const problems = [mirrorKeyProblem(host), ...[urls].flat().map(mirrorUrlProblem)];
    for (const message of problems)
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [host] });
  }
}

/** Turns the error of a parser into an issue at the path. */
function check(context: z.RefinementCtx, path: string[], parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    context.addIssue({ code: 'custom', message: `${error.message}. ${error.hint}`, path });
  }
}
