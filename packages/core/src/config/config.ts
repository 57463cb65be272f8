import { isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { ImagePath, type ImagePaths } from '../input/formats/image-path.ts';
import type { SourceText } from '../input/model/source-text.ts';
import type { IncludeEntry } from '../input/selection.ts';
import type { RuleSetting, RuleSeverity } from '../lint/rule-api/rule-setting.ts';
import { AirgapError } from '../model/errors.ts';
import { SEVERITIES } from '../model/finding.ts';
import type { Position } from '../model/position.ts';
import { CREDENTIAL_KEYS, type CredentialSource, credentialSourceSchema } from './credential-source.ts';

const registrySchema = z.union([z.string().min(1), z.strictObject({ endpoint: z.string().min(1) })], {
  error: 'must be an endpoint, or a mapping with endpoint:',
});
const pathsSchema = z
  .union([z.string(), z.array(z.string())], { error: 'must be a path, or a list of paths' })
  .transform(paths => [paths].flat());
const patternsSchema = z
  .union([z.string().min(1), z.array(z.string().min(1))], {
    error: 'must be a pattern, or a list of patterns',
  })
  .transform(patterns => [patterns].flat());
const severitySchema = z.enum(['off', ...SEVERITIES], { error: 'must be off, info, warning or error' });
const configSchema = z.strictObject({
  app: z.string().min(1).optional(),
  registries: z.record(z.string(), registrySchema).optional(),
  platforms: z.array(z.string()).optional(),
  credentials: z.record(z.string(), credentialSourceSchema).optional(),
  mirrors: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  imagePaths: z.record(z.string(), pathsSchema).superRefine(checkPaths).optional(),
  include: patternsSchema.optional(),
  exclude: patternsSchema.optional(),
  rules: z.record(z.string(), severitySchema).optional(),
});
const KNOWN_KEYS = Object.keys(configSchema.shape).join(', ');
const MAX_ALIASES = 100;

/** The content of `airgap.yaml`. */
export interface Config {
  /** The slug of the application. */
  readonly app?: string | undefined;
  /** Third-party registries: the name in `source:` → the endpoint. */
  readonly registries: Readonly<Record<string, string>>;
  /** Platforms in the notation of `--platform`. */
  readonly platforms?: readonly string[] | undefined;
  /** Registry host → the source of its credentials. */
  readonly credentials?: Readonly<Record<string, CredentialSource>> | undefined;
  /** Registry host → the URLs of its mirrors, in order. */
  readonly mirrors?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Kind of an object → the paths of its image fields. */
  readonly imagePaths?: ImagePaths | undefined;
  /** Images that no format reads: references, or patterns for strings in the input. */
  readonly include?: readonly IncludeEntry[] | undefined;
  /** Patterns of the images to leave out. */
  readonly exclude?: readonly string[] | undefined;
  /** Lint rules that are off or whose severity is overridden. */
  readonly rules?: readonly RuleSetting[] | undefined;
}

/** Parses an `airgap.yaml`. @throws AirgapError `INPUT` with all errors and their positions */
export function parseConfig(source: SourceText): Config {
  const lines = new LineCounter();
  // The failsafe schema preserves the text: a slug may be 010.
  const options = { lineCounter: lines, prettyErrors: false, schema: 'failsafe' as const };
  const document = parseDocument(source.text, options);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = document.errors;
  if (error) throw invalid(`not YAML: ${error.message}`, at(error.pos[0]), 'Fix the YAML syntax there.');
  const result = configSchema.safeParse(contentsOf(document, source.file));
  if (!result.success) {
    const errors = result.error.issues.flatMap(issue => issueErrors(document, issue, at));
    throw AirgapError.all(errors, `${errors.length} errors in ${source.file}`);
  }
  const {
    app,
    registries = {},
    platforms,
    credentials,
    mirrors,
    imagePaths,
    include,
    exclude,
    rules,
  } = result.data;
  const endpoints = Object.entries(registries).map(([name, registry]) => [
    name,
    typeof registry === 'string' ? registry : registry.endpoint,
  ]);
  return {
    app,
    registries: Object.fromEntries(endpoints),
    platforms,
    credentials,
    mirrors,
    imagePaths,
    include: include?.map((pattern, index) => ({ pattern, position: at(patternOffset(document, index)) })),
    exclude,
    rules: rules && ruleSettings(rules, key => at(keyOffset(document.get('rules', true), key))),
  };
}

function ruleSettings(
  rules: Readonly<Record<string, RuleSeverity>>,
  at: (rule: string) => Position,
): RuleSetting[] {
  return Object.entries(rules).map(([rule, severity]) => ({ rule, severity, position: at(rule) }));
}

function checkPaths(paths: ImagePaths, context: z.RefinementCtx): void {
  for (const kind of Object.keys(paths)) {
    try {
      ImagePath.all({ [kind]: paths[kind] ?? [] });
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message}. ${error.hint}`, path: [kind] });
    }
  }
}

type YamlDocument = ReturnType<typeof parseDocument>;

/** Returns the document as an object; keys without a value are ignored. */
function contentsOf(document: YamlDocument, file: string): unknown {
  visit(document, { Pair: (_key, { value }) => (isMissing(value) ? visit.REMOVE : undefined) });
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === '')) return {};
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AirgapError('INPUT', `not YAML: ${message}`, {
      where: { path: file },
      cause,
      hint: 'Write the values out instead of aliasing them.',
    });
  }
}

function isMissing(value: unknown): boolean {
  return value === null || (isScalar(value) && value.type === 'PLAIN' && value.value === '');
}

function issueErrors(
  document: YamlDocument,
  issue: z.core.$ZodIssue,
  at: (offset: number) => Position,
): AirgapError[] {
  const path = issue.path.join('.') || 'airgap.yaml';
  const node = document.getIn(issue.path, true) as Node | undefined;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => {
      const hint = `Use only these keys here: ${knownKeys(issue.path[0])}.`;
      return invalid(`unknown key: ${key}`, at(keyOffset(node, key)), hint);
    });
  const hint = `Use only these keys in airgap.yaml: ${KNOWN_KEYS}.`;
  return [invalid(`${path}: ${issue.message}`, at(node?.range?.[0] ?? 0), hint)];
}

/** @param section the top-level key that contains the unknown one; undefined at the top level */
function knownKeys(section: PropertyKey | undefined): string {
  if (section === 'credentials') return CREDENTIAL_KEYS;
  return section === undefined ? KNOWN_KEYS : 'endpoint';
}

/** @param index of an entry of `include:`, which may also be one string */
function patternOffset(document: YamlDocument, index: number): number {
  const list = document.get('include', true);
  const entry = document.getIn(['include', index], true) ?? list;
  return (entry as Node | undefined)?.range?.[0] ?? 0;
}

function keyOffset(node: unknown, key: string): number {
  if (!isMap(node)) return 0;
  const pair = node.items.find(item => isScalar(item.key) && item.key.value === key);
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function invalid(message: string, position: Position, hint: string): AirgapError {
  return new AirgapError('INPUT', message, { where: { position }, hint });
}
