import { compareText } from '../model/text-order.ts';
import { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import { Repository } from './repository.ts';
import type { ServedBundle } from './served-bundle.ts';

/** The repositories of all bundles, found by name with or without a host. */
export class Repositories {
  readonly #byName = new Map<string, Repository>();
  readonly #byPath = new Map<string, Repository[]>();
  #names: readonly string[] | undefined;

  /** Adds a bundle. If a tag already exists, the earlier bundle wins, and a notice is reported. */
  add(bundle: ServedBundle, onEvent: OnEvent): void {
    if (bundle.unnamed > 0)
      onEvent({
        type: 'notice',
        message: `${bundle.path}: images without a name are not served: ${bundle.unnamed}`,
      });
    for (const { name, digest } of bundle.names) {
      const repository = this.#getOrCreate(name);
      repository.add(digest, bundle);
      const { effectiveTag } = name;
      if (effectiveTag === undefined || repository.tag(effectiveTag, digest) === digest) continue;
      const message = `${bundle.path}: ${name} is not served: an earlier bundle has another image with this name`;
      onEvent({ type: 'notice', message });
    }
  }

  /**
   * The repositories that a name matches, in order of precedence. With a host (`ns`, which containerd sends to
   * mirrors), only the repository of this host matches. Without a host, the name is first resolved as docker does it,
   * then as the path of a repository on any host, in alphabetical order of hosts.
   */
  find(name: string, host: string | undefined): readonly Repository[] {
    if (host) {
      const match = this.#findOnHost(name, host);
      return match ? [match] : [];
    }
    const exact = this.#findByName(name);
    const others = (this.#byPath.get(name) ?? []).filter(repository => repository !== exact);
    return exact ? [exact, ...others] : others;
  }

  /** The public names of all repositories, sorted, without duplicates. */
  get names(): readonly string[] {
    this.#names ??= this.#sortedNames();
    return this.#names;
  }

  #sortedNames(): readonly string[] {
    const names = new Set([...this.#byName.values()].map(({ publicName }) => publicName));
    return [...names].sort(compareText);
  }

  /** The name may include the host. */
  #findOnHost(name: string, host: string): Repository | undefined {
    const repository = this.#findByName(`${host}/${name}`);
    if (repository || !name.startsWith(`${host}/`)) return repository;
    return this.#findByName(name);
  }

  #findByName(text: string): Repository | undefined {
    try {
      return this.#byName.get(Reference.parse(text).name);
    } catch {
      return undefined;
    }
  }

  #getOrCreate(name: Reference): Repository {
    const existing = this.#byName.get(name.name);
    if (existing) return existing;
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
