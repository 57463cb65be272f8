import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import type { ImagePaths } from '../input/formats/image-path.ts';
import type { SourceText } from '../input/model/source-text.ts';
import type { RuleSetting, RuleSeverity } from '../lint/rule-api/rule-setting.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { CONFIG_KEYS, configSchema, TRUSTED_KEYS, type TrustedKey } from './config-schema.ts';
import { CREDENTIAL_KEYS, type CredentialSource } from './credential-source.ts';

const KNOWN_KEYS = CONFIG_KEYS.join(', ');
const MAX_ALIASES = 100;

/** A key that counts only in a trusted config, and where it stands. */
export interface TrustedSetting {
  readonly key: TrustedKey;
  readonly position: Position;
}

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
  /** Lint rules that are off or whose severity is overridden. */
  readonly rules?: readonly RuleSetting[] | undefined;
  /** The keys of this config that count only if it is trusted: `credentials` and `mirrors`. */
  readonly trusted?: readonly TrustedSetting[] | undefined;
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
  rejectUnusualKeys(document, at);
  const result = configSchema.safeParse(contentsOf(document, source.file));
  if (!result.success) {
    const errors = result.error.issues.flatMap(issue => issueErrors(document, issue, at));
    throw AirgapError.all(errors, `${errors.length} errors in ${source.file}`);
  }
  const { app, registries = {}, platforms, credentials, mirrors, imagePaths, rules } = result.data;
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
    rules: rules && ruleSettings(rules, key => at(keyOffset(document.get('rules', true), key))),
    trusted: TRUSTED_KEYS.filter(key => result.data[key] !== undefined).map(key => ({
      key,
      position: at(keyOffset(document.contents, key)),
    })),
  };
}

function ruleSettings(
  rules: Readonly<Record<string, RuleSeverity>>,
  at: (rule: string) => Position,
): RuleSetting[] {
  return Object.entries(rules).map(([rule, severity]) => ({ rule, severity, position: at(rule) }));
}

type YamlDocument = ReturnType<typeof parseDocument>;

/** Rejects keys that are not text: an alias or a collection as a key can hide another key. */
function rejectUnusualKeys(document: YamlDocument, at: (offset: number) => Position): void {
  visit(document, {
    Pair: (_key, { key }: Pair) => {
      if (isScalar(key)) return;
      const offset = (key as Node | null)?.range?.[0] ?? 0;
      throw invalid('a key must be text', at(offset), 'Write the key out.');
    },
  });
}

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

function keyOffset(node: unknown, key: string): number {
  if (!isMap(node)) return 0;
  const pair = node.items.find(item => isScalar(item.key) && item.key.value === key);
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function invalid(message: string, position: Position, hint: string): AirgapError {
  return new AirgapError('INPUT', message, { where: { position }, hint });
}
