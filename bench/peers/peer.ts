/** Images to fetch, and where to. */
export interface FetchRequest {
  readonly host: string;
  /** Names without a host. */
  readonly names: readonly string[];
  /** The working directory of the program. */
  readonly folder: string;
  /** The output file. */
  readonly file: string;
}

/** Images in a program's local format, and the registry to push them to. */
export interface PushRequest {
  readonly folder: string;
  readonly host: string;
  readonly names: readonly string[];
  /** Whether the registry has TLS. */
  readonly tls: boolean;
}

/** A Debian package, a Go module, or by the user: the page of its releases, or a variable with its path. */
type Origin =
  | { readonly debian: string }
  | { readonly go: string }
  | { readonly releases: string }
  | { readonly variable: string };

/** Another program, run in the fastest way that its documentation describes, as shell lines. */
export interface Peer {
  readonly name: string;
  /** Its name on PATH, or its path. */
  readonly program: string;
  /** How to install it. */
  readonly origin: Origin;
  /** The arguments that print its version. */
  readonly version: readonly string[];
}

/** A peer that fetches images into one file. */
export interface Fetcher extends Peer {
  /** Whether it preserves manifests; otherwise it preserves configs and layers only. */
  readonly keepsManifests: boolean;
  /** A second fetch into the same folder may reuse its content. */
  fetch(request: FetchRequest): string[];
}

/** A peer that pushes images. */
export interface Pusher extends Peer {
  /** Whether it pushes over TLS with a private certificate authority. Default true. */
  readonly hasTls?: boolean;
  /** Pulls into the local format that `push` reads. */
  pull(request: FetchRequest): string[];
  push(request: PushRequest): string[];
}

/** Returns a name as a tag of a layout. */
export function layoutTag(name: string): string {
  return name.replace(/[:/]/g, '-');
}

/** Returns a shell line that packs a folder into a tar. */
export function tar(folder: string, file: string): string {
  return `tar --create --file ${file} --directory ${folder} .`;
}

/** Returns shell lines that run four of these lines at a time. */
export function fourAtATime(lines: readonly string[]): string {
  return `xargs -d '\\n' -n 1 -P 4 sh -c <<'END'\n${lines.join('\n')}\nEND`;
}

/** Returns a shell line that writes lines to a file. */
export function writeLines(lines: readonly string[], file: string): string {
  return `cat >${file} <<'END'\n${lines.join('\n')}\nEND`;
}
