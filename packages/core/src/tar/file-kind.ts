/** What a file is that is not a tar, and what the user can do with it. */
export interface FileKind {
  readonly name: string;
  /** One imperative sentence. */
  readonly hint: string;
}

const MAGICS: readonly (readonly [magic: string, kind: FileKind])[] = [
  [
    '1f8b',
    {
      name: 'compressed with gzip',
      hint: 'Decompress it with gunzip; a KOTS .airgap bundle is gzip as well.',
    },
  ],
  ['28b52ffd', { name: 'compressed with zstd', hint: 'Decompress it with unzstd.' }],
  ['fd377a585a00', { name: 'compressed with xz', hint: 'Decompress it with unxz.' }],
  ['425a68', { name: 'compressed with bzip2', hint: 'Decompress it with bunzip2.' }],
  ['504b0304', { name: 'a zip archive', hint: 'Extract it with unzip, and pass the .tar in it.' }],
];

const HTML = /^<(?:!doctype html|html|head|body)\b/i;
const YAML = /^(?:---|#|apiVersion:|kind:|images:|replicated_api_version:|[\w-]+:\s)/;

/** Recognizes common files by their first bytes; undefined for others. */
export function fileKind(start: Uint8Array): FileKind | undefined {
  const bytes = Buffer.from(start);
  for (const [magic, kind] of MAGICS) if (bytes.toString('hex').startsWith(magic)) return kind;
  const text = bytes.toString('utf8').trimStart();
  if (HTML.test(text))
    return {
      name: 'a web page (HTML)',
      hint: 'Open the URL in a browser: it may need a login, or a direct link.',
    };
  if (text.startsWith('{')) return { name: 'a JSON file', hint: 'Build a bundle from it with airgap build.' };
  if (YAML.test(text)) return { name: 'a YAML file', hint: 'Build a bundle from it with airgap build.' };
  return undefined;
}
