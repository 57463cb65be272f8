import { isIP } from 'node:net';

/**
 * Whether a `Host` header names another machine than this one. A web page can make a browser connect to a loopback
 * address under the page's own domain name (DNS rebinding), and then read every answer.
 *
 * @param header may have a port. @param own the name that the server listens on
 */
export function isForeignHost(header: string | undefined, own: string): boolean {
  const name = (header ?? '').replace(/:[0-9]*$/, '').toLowerCase();
  // An address is no domain name, and a name without a dot is not one of the internet.
  if (name.startsWith('[') || isIP(name) !== 0 || !name.includes('.')) return false;
  return name !== own.toLowerCase() && !name.endsWith('.localhost');
}
