import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/config.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { isPodImage, type UsedImage } from '../input/model/spec.ts';
import { openReading } from '../input/read-input.ts';
import { Reference } from '../reference/reference.ts';
import { parseTargetLocation, relocate } from '../reference/relocation.ts';
import { Renames } from './renames.ts';
import { rewriteSpecs } from './rewrite-specs.ts';

const FIXTURES = fileURLToPath(new URL('../../../../fixtures/', import.meta.url));
const TARGET = parseTargetLocation('reg.local:5000/vendor');
const NOT_INPUT = ['expected.json', 'airgap.yaml', 'options.json'];
/** Images of rendered specs have no text that can be edited. */
const RENDERED = /^(?:Chart\.yaml|kustomization\.ya?ml)$/;

function isRendered(fixture: string): boolean {
  const entries = readdirSync(`${FIXTURES}${fixture}`, { recursive: true, withFileTypes: true });
  return entries.some(entry => entry.isFile() && RENDERED.test(entry.name));
}

/** The image has a literal name in the text: not a template, and not computed from one. */
function isLiteral({ image }: UsedImage): boolean {
  return !image.templated && image.written === undefined;
}

describe('the specs of a fixture are rewritten with the new images and the pull secret, and are otherwise unchanged:', () => {
  it.for(readdirSync(FIXTURES).filter(name => !isRendered(name)))('%s', async name => {
    const folder = `${FIXTURES}${name}`;
    const file = `${folder}/airgap.yaml`;
    const config = existsSync(file) ? parseConfig({ file, text: readFileSync(file, 'utf8') }) : undefined;
    const specs = readdirSync(folder).filter(file => !NOT_INPUT.includes(file));
    const paths = { specs: specs.map(file => `${folder}/${file}`), imagePaths: config?.imagePaths };
    const { spec, reread } = await openReading(paths);
    const known = spec.used.filter(isLiteral);
    const images = known.map(({ image }) => {
      const before = Reference.parse(image.value).canonical();
      return { name: before, newName: relocate(before, TARGET, 'host'), digest: '' };
    });
    const { texts, skipped } = rewriteSpecs(spec, { renames: new Renames(images) });
    const after = spec.sources.map(source => ({ ...source, text: texts.get(source.file) ?? source.text }));
    const rewritten = reread(after);
    expect(namesOf(rewritten.used)).toEqual(images.map(({ newName }) => newName.toString()));
    expect(rewritten.listed).toEqual(spec.listed);
    expect(skipped.length).toBe(spec.used.length - known.length + spec.parseErrors.length);
    expect(after.map(source => withoutImages(source, rewritten.used))).toEqual(
      spec.sources.map(source => withoutImages(source, spec.used)),
    );
    const secured = rewriteSpecs(spec, { renames: new Renames(images), secret: 'key' });
    const pods = reread(
      spec.sources.map(source => ({ ...source, text: secured.texts.get(source.file) ?? source.text })),
    );
    expect(namesOf(pods.used)).toEqual(namesOf(rewritten.used));
    const withoutSecret = pods.used.filter(
      used => isPodImage(used) && isLiteral(used) && !used.pullSecrets?.some(({ value }) => value === 'key'),
    );
    expect(new Set(withoutSecret.map(({ name }) => name)).size).toBe(secured.skipped.length - skipped.length);
  });
});

function namesOf(used: readonly UsedImage[]): string[] {
  return used.filter(isLiteral).map(({ image }) => image.value);
}

/** A text without its image references. */
function withoutImages({ file, text }: SourceText, used: readonly UsedImage[]): string {
  const lines = text.split('\n');
  const references = used
    .filter(use => use.image.position.file === file && isLiteral(use))
    .sort((a, b) => b.image.position.column - a.image.position.column);
  for (const { image } of references) {
    const at = lines[image.position.line - 1]?.slice(image.position.column - 1) ?? '';
    // A block scalar has the name in the line below its key; an alias is replaced by the name.
    const line = at.startsWith('>') ? image.position.line : image.position.line - 1;
    const start = at.startsWith('>') ? 0 : image.position.column - 1;
    const rest = lines[line]?.slice(start).replace(at.startsWith('*') ? /^\S+/ : image.value, '');
    lines[line] = `${lines[line]?.slice(0, start)}${rest}`;
  }
  return lines.join('\n');
}
