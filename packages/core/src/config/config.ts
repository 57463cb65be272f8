import type { z } from 'zod';
import type { ImagePaths } from '../input/formats/image-path.ts';
import type { SourceText } from '../input/model/source-text.ts';
import type { IncludeEntry } from '../input/selection.ts';
import type { RuleSetting, RuleSeverity } from '../lint/rule-api/rule-setting.ts';
import { closest } from '../model/closest.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { ConfigDocument, MAX_MESSAGE } from './config-document.ts';
import { CONFIG_KEYS, TRUSTED_KEYS, type TrustedKey } from './config-keys.ts';
import { configSchema } from './config-schema.ts';
import { CREDENTIAL_KEYS, type CredentialSource } from './credential-source.ts';
import { DEFAULT_FLAGS, type FlagDefaults, isTrustedFlag } from './flag-defaults.ts';

const KNOWN_KEYS = CONFIG_KEYS.join(', ');
/** Errors that are reported for one file. */
const MAX_ERRORS = 100;

/** A key that counts only in a trusted config, and where it stands. */
export interface TrustRequirement {
  readonly key: TrustedKey | `defaults.${string}`;
  readonly position: Position;
}

/** A rule for the signatures of images. */
export interface SignatureSetting {
  readonly pattern: string;
  /** The file of the public key. Without it, images need no signature. */
  readonly key?: string | undefined;
  /** Default: true. */
  readonly required?: boolean | undefined;
}

/** The content of `airgap.yaml`. */
export interface Config {
  /** The slug of the application. */
  readonly app?: string | undefined;
  /** Third-party registries: the name in `source:` → the endpoint. */
  readonly registries: Readonly<Record<string, string>>;
  /** Platforms in the notation of `--platform`. */
  readonly platforms?: readonly string[] | undefined;
  /** Images, as patterns, → their platforms. The first pattern that matches counts. */
  readonly imagePlatforms?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Registry host → the source of its credentials. */
  readonly credentials?: Readonly<Record<string, CredentialSource>> | undefined;
  /** Registry host → the URLs of its mirrors, in order. */
  readonly mirrors?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Which key must have signed which images; the first rule that matches counts. */
  readonly signatures?: readonly SignatureSetting[] | undefined;
  /** Kind of an object → the paths of its image fields. */
  readonly imagePaths?: ImagePaths | undefined;
  /** Images that no format reads: references, or patterns for strings in the input. */
  readonly include?: readonly IncludeEntry[] | undefined;
  /** Patterns of the images to leave out. */
  readonly exclude?: readonly string[] | undefined;
  /** Lint rules that are off or whose severity is overridden. */
  readonly rules?: readonly RuleSetting[] | undefined;
  /** Flags without `--` and their values, for what the command line leaves out. */
  readonly defaults?: FlagDefaults | undefined;
  /** The keys of this config that count only if it is trusted: `credentials`, `mirrors`, `signatures`, and some of `defaults`. */
  readonly requiresTrust?: readonly TrustRequirement[] | undefined;
}

/** Parses an `airgap.yaml`. @throws AirgapError `INPUT` with all errors and their positions */
export function parseConfig(source: SourceText): Config {
  const document = new ConfigDocument(source);
  const result = configSchema.safeParse(document.contents());
  if (!result.success) {
    const errors = result.error.issues.slice(0, MAX_ERRORS).flatMap(issue => issueErrors(document, issue));
    throw AirgapError.all(errors, `${errors.length} errors in ${source.file}`);
  }
  const { registries = {}, platforms, include, rules, defaults, signatures, ...settings } = result.data;
  const endpoints = Object.entries(registries).map(([name, registry]) => [
    name,
    typeof registry === 'string' ? registry : registry.endpoint,
  ]);
  const position = document.keyPositions([]);
  return {
    ...settings,
    ...platformSettings(platforms),
    registries: Object.fromEntries(endpoints),
    include: include?.map((pattern, index) => ({
      pattern,
      position: document.valuePosition(['include', index]),
    })),
    signatures: signatures?.map(signatureSetting),
    rules: rules && ruleSettings(rules, document.keyPositions(['rules'])),
    defaults: defaults as FlagDefaults | undefined,
    requiresTrust: [
      ...TRUSTED_KEYS.filter(key => result.data[key] !== undefined).map(key => ({
        key,
        position: position(key),
      })),
      ...trustedFlags(defaults, document.keyPositions(['defaults'])),
    ],
  };
}

/** Splits the platforms of images from those of all others, which a mapping has under `*`. */
function platformSettings(
  platforms: z.infer<typeof configSchema>['platforms'],
): Pick<Config, 'platforms' | 'imagePlatforms'> {
  if (platforms === undefined) return {};
  if (Array.isArray(platforms)) return { platforms };
  const { '*': others, ...imagePlatforms } = platforms;
  return others === undefined ? { imagePlatforms } : { platforms: others, imagePlatforms };
}

function trustedFlags(defaults: object = {}, at: (flag: string) => Position): TrustRequirement[] {
  const flags = Object.keys(defaults).filter(isTrustedFlag);
  return flags.map(flag => ({ key: `defaults.${flag}`, position: at(flag) }));
}

function ruleSettings(
  rules: Readonly<Record<string, RuleSeverity>>,
  at: (rule: string) => Position,
): RuleSetting[] {
  return Object.entries(rules).map(([rule, severity]) => ({ rule, severity, position: at(rule) }));
}

function signatureSetting({
  required,
  ...rule
}: NonNullable<z.infer<typeof configSchema>['signatures']>[number]): SignatureSetting {
  return required === undefined ? rule : { ...rule, required: required === 'true' };
}

function issueErrors(document: ConfigDocument, issue: z.core.$ZodIssue): AirgapError[] {
  const path = issue.path.join('.') || 'airgap.yaml';
  if (issue.code === 'unrecognized_keys') {
    const position = document.keyPositions(issue.path);
    const known = knownKeys(issue.path[0]);
    const hint = `Use only these keys here: ${known.join(', ')}.`;
    return issue.keys
      .slice(0, MAX_ERRORS)
      .map(key => invalid(`unknown key: ${key}${suggestion(key, known)}`, position(key), hint));
  }
  const hint = `Use only these keys in airgap.yaml: ${KNOWN_KEYS}.`;
  return [invalid(`${path}: ${issue.message}`, document.valuePosition(issue.path), hint)];
}

function suggestion(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** @param section the top-level key that contains the unknown one; undefined at the top level */
function knownKeys(section: PropertyKey | undefined): readonly string[] {
  if (section === 'credentials') return CREDENTIAL_KEYS;
  if (section === 'signatures') return ['pattern', 'key', 'required'];
  if (section === 'defaults') return DEFAULT_FLAGS;
  return section === undefined ? CONFIG_KEYS : ['endpoint'];
}

function invalid(message: string, position: Position, hint: string): AirgapError {
  return new AirgapError('INPUT', message.slice(0, MAX_MESSAGE), { where: { position }, hint });
}
