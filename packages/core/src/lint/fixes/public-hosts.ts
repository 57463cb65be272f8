/** Public registries. Images in other registries may be private, and their `source:` cannot be derived. */
export const PUBLIC_HOSTS: ReadonlySet<string> = new Set([
  'docker.io',
  'gcr.io',
  'ghcr.io',
  'k8s.gcr.io',
  'lscr.io',
  'mcr.microsoft.com',
  'nvcr.io',
  'public.ecr.aws',
  'quay.io',
  'registry.access.redhat.com',
  'registry.k8s.io',
]);
