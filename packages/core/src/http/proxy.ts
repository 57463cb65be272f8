import { BlockList, isIP } from 'node:net';
import { AirgapError } from '../model/errors.ts';

/** Proxy settings with the syntax of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
export interface ProxyOptions {
  /** The proxy for http: a URL, possibly with credentials, or a host with a port. */
  readonly http?: string | undefined;
  /** The proxy for https. */
  readonly https?: string | undefined;
  /** Hosts without a proxy: names (with their subdomains), `.names` (only subdomains), addresses, CIDRs, `*`. */
  readonly no?: string | undefined;
}

/** Returns the proxy for an origin; undefined for a direct connection. @throws AirgapError `USAGE` for an invalid URL */
export function proxyFor(origin: URL, { http, https, no = '' }: ProxyOptions): URL | undefined {
  const proxy = origin.protocol === 'https:' ? https : http;
  if (!proxy || isLoopback(hostOf(origin)) || isExempt(origin, no)) return undefined;
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  // The URL may contain a password and is not quoted.
  throw new AirgapError(
    'USAGE',
    `the proxy for ${origin.protocol.slice(0, -1)} is not an http or https URL`,
    {
      where: { host: origin.host },
      hint: 'Write it as http://proxy.example.com:3128.',
    },
  );
}

const CIDR = /^(?<address>[0-9a-f.:]+)\/(?<bits>\d+)$/;
const HOST_AND_PORT = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d+)$/;

/** Follows the rules of Go and curl for `NO_PROXY`. */
function isExempt(origin: URL, no: string): boolean {
  const rules = no.split(/[\s,]+/).filter(Boolean);
  return rules.some(rule => rule === '*' || matches(origin, rule.toLowerCase()));
}

function matches(origin: URL, rule: string): boolean {
  const host = hostOf(origin);
  const cidr = CIDR.exec(rule)?.groups;
  if (cidr) return isWithin(host, cidr.address ?? '', Number(cidr.bits));
  const withPort = HOST_AND_PORT.exec(rule)?.groups;
  if (withPort && withPort.port !== portOf(origin)) return false;
  const name = (withPort?.host ?? rule).replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
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
