import type { Rule } from '../rule-api/rule.ts';

const FINGERPRINT = /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/i;

/** An invalid `content_trust` fingerprint. */
export const malformedFingerprint: Rule = {
  id: 'malformed-fingerprint',
  severity: 'error',
  explanation:
    'content_trust.public_key_fingerprint is the MD5 fingerprint of a key: 16 pairs of hex digits separated by colons ' +
    '(RFC 4716). Any other value matches no key, and the installation rejects the image.',
  example: {
    found: `
images:
- source: replicated
  name: web
  tag: signed
  content_trust:
    public_key_fingerprint: aa9c7589de463a9208c7ba9a29fb12cc
`,
    fixed: `
images:
- source: replicated
  name: web
  tag: signed
  content_trust:
    public_key_fingerprint: aa:9c:75:89:de:46:3a:92:08:c7:ba:9a:29:fb:12:cc
`,
  },
  *check({ spec }) {
    for (const { name, fingerprint } of spec.listed) {
      if (!fingerprint || fingerprint.templated || FINGERPRINT.test(fingerprint.value)) continue;
      yield {
        message: `${name}: invalid fingerprint: ${fingerprint.value}`,
        hint: 'Write 16 pairs of hex digits separated by colons, as printed by ssh-keygen -E md5 -lf.',
        position: fingerprint.position,
      };
    }
  },
};
