import { z } from 'zod';

/** Where to find the credentials of a registry. Config files must not contain the secrets themselves. */
export const credentialSourceSchema = z
  .strictObject({
    username: z.string().min(1).optional(),
    usernameEnv: z.string().min(1).optional(),
    passwordEnv: z.string().min(1).optional(),
    passwordFile: z.string().min(1).optional(),
    identityTokenEnv: z.string().min(1).optional(),
  })
  .refine(isUnambiguous, {
    error:
      'must have identityTokenEnv, or one of username and usernameEnv with one of passwordEnv and passwordFile',
  });

export type CredentialSource = Readonly<z.infer<typeof credentialSourceSchema>>;

export const CREDENTIAL_KEYS = Object.keys(credentialSourceSchema.shape);

function isUnambiguous(source: Record<string, string | undefined>): boolean {
  const count = (...keys: string[]) => keys.filter(key => source[key] !== undefined).length;
  const users = count('username', 'usernameEnv');
  const passwords = count('passwordEnv', 'passwordFile');
  return source.identityTokenEnv === undefined ? users === 1 && passwords === 1 : users + passwords === 0;
}
