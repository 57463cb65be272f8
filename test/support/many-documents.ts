/** Deployments of typical size with two containers each. */
export function deployments(count: number): string {
  const deployment = (at: number) => `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${at}
spec:
  selector: {matchLabels: {app: web-${at}}}
  template:
    metadata: {labels: {app: web-${at}}}
    spec:
      containers:
      - name: web
        image: quay.io/team/web-${at}:1.${at}
        env:
        - {name: A, value: "1"}
        - name: B
          valueFrom: {secretKeyRef: {name: b, key: b}}
      - name: side
        image: quay.io/team/side:2
        resources:
          limits: {memory: 256Mi, cpu: 500m}
`;
  return Array.from({ length: count }, (_, at) => deployment(at)).join('');
}

/** The `images:` section with every image of these deployments. */
export function imagesList(count: number): string {
  const entries = Array.from(
    { length: count },
    (_, at) => `- name: quay.io/team/web-${at}\n  tag: "1.${at}"\n`,
  );
  return `images:\n${entries.join('')}- name: quay.io/team/side\n  tag: "2"\n`;
}
