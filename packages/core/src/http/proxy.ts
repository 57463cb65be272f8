import { BlockList, isIP } from 'node:net';
import { AirgapError } from '../model/errors.ts';

/** Which proxies to go through, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say it. */
export interface ProxyOptions {
  /** The proxy for http, a URL or a host with a port; credentials may stand in it. */
  readonly http?: string | undefined;
  /** The proxy for https. */
  readonly https?: string | undefined;
  /** Hosts to reach without one: names (with all below them), `.names` (only those below), addresses, CIDRs, `*`. */
  readonly no?: string | undefined;
}

/** The proxy for an origin; nothing when it is reached straight. @throws AirgapError `USAGE` for a proxy that is no URL */
export function proxyFor(origin: URL, { http, https, no = '' }: ProxyOptions): URL | undefined {
  const proxy = origin.protocol === 'https:' ? https : http;
  if (!proxy || isLoopback(hostOf(origin)) || isExempt(origin, no)) return undefined;
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  // It may hold a password, so it is not quoted.
  throw new AirgapError(
    'USAGE',
    `the proxy for ${origin.protocol.slice(0, -1)} is not an http or https URL`,
    {
      where: { host: origin.host },
      hint: 'Write it as http://proxy.example.com:3128.',
    },
  );
}

/** As Go and curl read `NO_PROXY`. */
function isExempt(origin: URL, no: string): boolean {
  const rules = no.split(/[\s,]+/).filter(Boolean);
  return rules.some(rule => rule === '*' || matches(origin, rule.toLowerCase()));
}

function matches(origin: URL, rule: string): boolean {
  const host = hostOf(origin);
  const [, address = '', bits] = /^([0-9a-f.:]+)\/(\d+)$/.exec(rule) ?? [];
  if (bits !== undefined) return isWithin(host, address, Number(bits));
  const [, bare = rule, port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(rule) ?? [];
  if (port !== undefined && port !== portOf(origin)) return false;
  const name = bare.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (isIP(name) !== 0) return host === name;
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function isWithin(host: string, address: string, bits: number): boolean {
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || isWithin(host, '127.0.0.0', 8)
  );
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}
