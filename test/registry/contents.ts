import { flatten, sha256, type TestImage } from '../support/images/image.ts';

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** The manifests and blobs of each repository. */
export class Contents {
  readonly #manifests = new Map<string, StoredManifest>();
  readonly #blobs = new Map<string, Buffer>();

  /** Adds an image with its children and blobs. @param name `repository:tag` */
  add(name: string, image: TestImage): void {
    const [repository = '', tag = 'latest'] = name.split(':');
    this.#manifests.set(`${repository}:${tag}`, image);
    for (const manifest of flatten(image)) {
      this.#manifests.set(`${repository}:${manifest.digest}`, manifest);
      for (const [digest, bytes] of manifest.blobs) this.putBlob(repository, digest, bytes);
    }
  }

  manifest(repository: string, reference: string): StoredManifest | undefined {
    return this.#manifests.get(`${repository}:${reference}`);
  }

  putManifest(repository: string, reference: string, manifest: StoredManifest): void {
    for (const name of [reference, manifest.digest]) this.#manifests.set(`${repository}:${name}`, manifest);
  }

  /** Points one tag to the manifest of another, both as `repository:tag`. */
  retag(from: string, to: string): void {
    const manifest = this.#manifests.get(from);
    if (manifest) this.#manifests.set(to, manifest);
  }

  blob(repository: string, digest: string): Buffer | undefined {
    return this.#blobs.get(`${repository}@${digest}`);
  }

  putBlob(repository: string, digest: string, bytes: Buffer): void {
    this.#blobs.set(`${repository}@${digest}`, bytes);
  }

  /** The tags of a repository, sorted. */
  tags(repository: string): string[] {
    const prefix = `${repository}:`;
    const references = [...this.#manifests.keys()]
      .filter(key => key.startsWith(prefix))
      .map(key => key.slice(prefix.length));
    return references.filter(reference => !reference.includes(':')).sort();
  }

  /** Descriptors of the manifests whose subject has this digest. */
  referrers(repository: string, digest: string): object[] {
    const all = [...this.#manifests].filter(([key]) => key.startsWith(`${repository}:sha256:`));
    return all.flatMap(([, { mediaType, bytes }]) => {
      const { subject, artifactType, annotations } = JSON.parse(bytes.toString());
      if (subject?.digest !== digest) return [];
      return [{ mediaType, digest: sha256(bytes), size: bytes.length, artifactType, annotations }];
    });
  }
}
