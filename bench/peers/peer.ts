/** Images that are to be fetched, and where to. */
export interface Order {
  readonly host: string;
  /** Without their host. */
  readonly names: readonly string[];
  /** The program's own, where it may keep what it likes. */
  readonly folder: string;
  /** The one file that is wanted in the end. */
  readonly file: string;
}

/** Images that are in a program's own form, and the registry that is to have them. */
export interface Delivery {
  readonly folder: string;
  readonly host: string;
  readonly names: readonly string[];
}

/** Another program in the best way that its documentation has for this work, as shell lines. */
export interface Peer {
  readonly name: string;
  /** What it is called on PATH. */
  readonly program: string;
  /** Where it can be had: a package of Debian, or a module that Go builds. */
  readonly origin: { readonly debian: string } | { readonly go: string };
  /** What asks it for its version. */
  readonly version: readonly string[];
  /** Whether manifests stay as they are; otherwise configs and layers do. */
  readonly keepsManifests: boolean;
  /** Into one file; once more into the same folder, it may use what is there. */
  fetch(order: Order): string[];
  /** Into the form that it pushes from. */
  stow?(order: Order): string[];
  /** From there into a registry. */
  push?(delivery: Delivery): string[];
}

/** A name as a tag of a layout. */
export function layoutTag(name: string): string {
  return name.replace(/[:/]/g, '-');
}

/** Makes the one file of a folder. */
export function tar(folder: string, file: string): string {
  return `tar --create --file ${file} --directory ${folder} .`;
}

/** Runs lines four at a time. */
export function fourAtATime(lines: readonly string[]): string {
  return `xargs -d '\\n' -n 1 -P 4 sh -c <<'END'\n${lines.join('\n')}\nEND`;
}
