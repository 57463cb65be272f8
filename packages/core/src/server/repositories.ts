import { compareText } from '../model/text-order.ts';
import { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import { Repository } from './repository.ts';
import type { ServedBundle } from './served-bundle.ts';

/** The repositories of all bundles, and the order in which a name that is short of a host is looked for in them. */
export class Repositories {
  readonly #byName = new Map<string, Repository>();
  readonly #byPath = new Map<string, Repository[]>();
  #names: readonly string[] | undefined;

  /** Adds a bundle; a tag that an earlier one has stays that one's, and a notice says so. */
  add(bundle: ServedBundle, onEvent: OnEvent): void {
    if (bundle.unnamed > 0)
      onEvent({
        type: 'notice',
        message: `${bundle.unnamed} of the images of ${bundle.path} have no name: they are not served`,
      });
    for (const { name, digest } of bundle.names) {
      const repository = this.#open(name);
      repository.add(digest, bundle);
      const { effectiveTag } = name;
      if (effectiveTag === undefined || repository.tag(effectiveTag, digest) === digest) continue;
      const message = `${name} of ${bundle.path} is hidden by an earlier bundle's image of that name`;
      onEvent({ type: 'notice', message });
    }
  }

  /**
   * The repositories that a name can mean, the one that counts first. With a host (`ns`, as containerd's mirrors send it)
   * that is the one of this host. Without, it is what docker understands by the name, and then every other host's
   * repository with that path, hosts in alphabetical order.
   */
  find(name: string, host: string | undefined): readonly Repository[] {
    if (host) {
      const own =
        this.#named(`${host}/${name}`) ?? (name.startsWith(`${host}/`) ? this.#named(name) : undefined);
      return own ? [own] : [];
    }
    const understood = this.#named(name);
    const others = (this.#byPath.get(name) ?? []).filter(one => one !== understood);
    return understood ? [understood, ...others] : others;
  }

  /** The names that clients can ask for, sorted, each once. */
  get names(): readonly string[] {
    const names = () => new Set([...this.#byName.values()].map(({ publicName }) => publicName));
    this.#names ??= [...names()].sort(compareText);
    return this.#names;
  }

  #named(text: string): Repository | undefined {
    try {
      return this.#byName.get(Reference.parse(text).name);
    } catch {
      return undefined;
    }
  }

  #open(name: Reference): Repository {
    const known = this.#byName.get(name.name);
    if (known) return known;
    const repository = new Repository(name);
    this.#byName.set(name.name, repository);
    this.#names = undefined;
    const hosts = [...(this.#byPath.get(repository.path) ?? []), repository];
    this.#byPath.set(
      repository.path,
      hosts.sort((a, b) => compareText(a.registry, b.registry)),
    );
    return repository;
  }
}
