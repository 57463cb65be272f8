import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLACES = [
  'packages/core/src',
  'packages/cli/src',
  'test',
  'bench',
  'docs',
  'pipeline',
  'README.md',
  'action.yml',
  '.pre-commit-hooks.yaml',
];
const TEXT = /\.(?:ts|js|md|sh|ya?ml)$/;

/** Words that have a better one in the glossary; phrases match across line ends and comment marks. */
const WORDS = [
  'told',
  'anew',
  'mend\\w*',
  'whoever',
  'nobody',
  'somebody',
  'stands for',
  'goes on',
  'is none',
  'belongs into',
  'behind the gap',
];

/** Names in the code that were replaced. Only those that are not used for anything else. */
const IDENTIFIERS = [
  'feed\\(',
  'FedImage',
  'FeedOptions',
  'FeedResult',
  'renderFeed',
  'Ration',
  'rationsOf',
  'fillBlob',
  'fillAnew',
  'layOut',
  'BlobContent',
  'writeFrame',
  'frameProblem',
  'BundlePart',
  'asideJournal',
  'setAside',
  'goOn',
  'Reusing',
  'LocalBlobs',
  'HeldImage',
  'heldName',
  'heldBlobsOf',
  'checkHeld',
  'Holdings',
  'chooseNames',
  'classicEntry',
  'foreignReason',
  'manifestsBelow',
  'Sharing',
  'isKept',
  'Promised',
  'BlobIntake',
  'HashThreads',
  'HashOrder',
  'HashAnswer',
  'Complaint',
  'Transient',
  'SentSecrets',
  'Keyring',
  'Keeper',
  'keptIn',
  'Refusal',
  'routeOf',
  'Proxied',
  'thirdParty',
  'Arrival',
  'survey',
  'Referral',
  'keepReferrers',
  'Delivery',
  'deliveriesOf',
  'BlobBodies',
  'askAll',
  'Asked',
  'AskedOfRepository',
  'askedRange',
  'firstOf\\(',
  'isKnown\\(',
  'Linting',
  'Matching',
  'Silencing',
  'RuleGrade',
  'Mended',
  'FixWork',
  'FixSubject',
  'EditRound',
  'EditedText',
  'EditableText',
  'LeftAlone',
  'whereabouts',
  'lastWords',
  'unfed',
  'NeededImage',
  'canRun',
  'lacking\\(',
  'Prepared',
  'spellingsOf',
  'Locations',
  'Unrendered',
  'Workplace',
  'Witness',
];

/** Names of files that were replaced. */
const FILES = [
  'feed.ts',
  'fill.ts',
  'frame.ts',
  'part.ts',
  'partial.ts',
  'reusing.ts',
  'held-images.ts',
  'held-name.ts',
  'chosen-names.ts',
  'classic.ts',
  'foreign-entry.ts',
  'graph.ts',
  'sharing.ts',
  'hash-threads.ts',
  'hash-thread.js',
  'sent-secrets.ts',
  'keyring.ts',
  'route.ts',
  'survey.ts',
  'referrals.ts',
  'delivery.ts',
  'answer.ts',
  'answer-rule.ts',
  'asked.ts',
  'silencing.ts',
  'matching.ts',
  'grade.ts',
  'listing.ts',
  'edit-round.ts',
  'edited-text.ts',
  'editable-text.ts',
  'left-alone.ts',
  'whereabouts.ts',
  'last-words.ts',
  'holdings.ts',
  'needed-image.ts',
  'side.ts',
  'prepare.ts',
  'spelling.ts',
  'third-party.ts',
  'acts.ts',
  'gate.ts',
  'exchange.ts',
];

const here = basename(fileURLToPath(import.meta.url));
const files = PLACES.flatMap(filesBelow).filter(file => basename(file) !== here);

it('no retired word is left', () => {
  const patterns = WORDS.map(word => RegExp(`\\b${word.replaceAll(' ', '[\\s*/]+')}\\b`, 'gi'));
  const changelog = readFileSync(`${ROOT}CHANGELOG.md`, 'utf8').replace(/`[^`]*`/g, '``');
  const inChangelog = places('CHANGELOG.md', changelog, patterns);
  expect([...files.flatMap(file => places(file, read(file), patterns)), ...inChangelog]).toEqual([]);
});

it('no retired identifier is left', () => {
  const patterns = IDENTIFIERS.map(name => RegExp(`\\b${name}${/\w$/.test(name) ? '\\b' : ''}`, 'g'));
  expect(files.flatMap(file => places(file, read(file), patterns))).toEqual([]);
});

it('no retired file name is left', () => {
  expect(files.filter(file => FILES.includes(basename(file)))).toEqual([]);
  const names = FILES.map(name => name.replaceAll('.', '\\.')).join('|');
  const mentioned = RegExp(`(?<![\\w.-])(?:${names})\\b`, 'g');
  expect(files.flatMap(file => places(file, read(file), [mentioned]))).toEqual([]);
});

function filesBelow(place: string): string[] {
  if (!statSync(ROOT + place).isDirectory()) return [place];
  const names = readdirSync(ROOT + place, { recursive: true, encoding: 'utf8' });
  const texts = names.filter(name => TEXT.test(name) && !name.includes('node_modules'));
  return texts.map(name => `${place}/${name}`);
}

function read(file: string): string {
  return readFileSync(ROOT + file, 'utf8');
}

/** Every match as `file:line: match`. */
function places(file: string, text: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap(pattern =>
    [...text.matchAll(pattern)].map(({ 0: match, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${file}:${line}: ${match.replace(/\s+/g, ' ')}`;
    }),
  );
}
