/** The version of both packages, as in their package.json. A test compares them. */
export const VERSION = '0.1.0';
