import { describe, expect, it } from 'vitest';
import { BasicAuth, challenge } from './basic-auth.ts';

const auth = new BasicAuth({ username: 'me', password: 'p:wé' });
const encode = (text: string) => Buffer.from(text).toString('base64');

describe('a login', () => {
  it.each([
    [`Basic ${encode('me:p:wé')}`],
    [`basic ${encode('me:p:wé')}`],
    [`Basic   ${encode('me:p:wé')} `],
  ])('accepts %s', header => expect(auth.accepts(header)).toBe(true));

  it.each([
    [undefined],
    [''],
    ['Basic'],
    [`Basic ${encode('me:p:w')}`],
    [`Basic ${encode('me:')}`],
    [`Basic ${encode('Me:p:wé')}`],
    [`Basic ${encode('other:p:wé')}`],
    [`Bearer ${encode('me:p:wé')}`],
    [encode('me:p:wé')],
    ['Basic !!!'],
  ])('rejects %s', header => expect(auth.accepts(header)).toBe(false));

  it('is asked for with Basic', () =>
    expect(challenge()).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': 'Basic realm="airgap", charset="UTF-8"' },
    }));
});
