const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/** Returns whether a host, with or without a port, is a loopback address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
