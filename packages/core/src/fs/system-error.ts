const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available on this machine',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file system does not support files of this size',
  EISDIR: 'is a directory',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a component of the path is not a directory',
  ENOTFOUND: 'host not found',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/** Says in words why the system refused something; the message of the error if its code is unknown. */
export function systemErrorReason({ code = '', message }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? message;
}
