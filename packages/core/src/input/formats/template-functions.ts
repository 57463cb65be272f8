/** The value of a template expression; `UNKNOWN` until the application is installed. */
export type TemplateValue = string | boolean | typeof UNKNOWN;

export const UNKNOWN = Symbol('unknown');

type TemplateFunction = (...args: TemplateValue[]) => TemplateValue;

/** Maximum length of a value in UTF-16 units: names of images are far shorter. */
export const MAX_VALUE = 4000;

/**
 * Returns a function that KOTS or Sprig defines, as the vendor's build calls it: there is no local registry, and options
 * have their defaults. Functions that are not here have an unknown value.
 *
 * @param optionOf returns the default of a KOTS option
 */
export function templateFunction(
  name: string,
  optionOf: (name: string) => string | undefined,
): TemplateFunction | undefined {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name];
  const option = (key: TemplateValue | undefined) =>
    typeof key === 'string' ? (optionOf(key) ?? UNKNOWN) : UNKNOWN;
  if (name === 'ConfigOption') return key => option(key);
  if (name === 'ConfigOptionEquals') return (key, value) => equal(option(key), value);
  if (name === 'ConfigOptionNotEquals') return (key, value) => not(equal(option(key), value));
  return undefined;
}

const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  HasLocalRegistry: () => false,
  LocalRegistryHost: () => '',
  LocalRegistryAddress: () => '',
  LocalRegistryNamespace: () => '',
  LocalRegistryImagePullSecret: () => '',
  LocalImageName: image => image ?? UNKNOWN,
  ternary: (whenTrue = UNKNOWN, whenFalse = UNKNOWN, condition = UNKNOWN) => {
    if (condition === UNKNOWN) return UNKNOWN;
    return isTrue(condition) ? whenTrue : whenFalse;
  },
  default: (fallback = UNKNOWN, value = '') => firstTrue([value, fallback]),
  coalesce: (...values) => firstTrue(values),
  or: (...values) => firstTrue(values),
  and: (...values) => {
    for (const value of values) if (value === UNKNOWN || !isTrue(value)) return value;
    return values.at(-1) ?? UNKNOWN;
  },
  not: (value = UNKNOWN) => not(value),
  empty: (value = UNKNOWN) => not(value),
  eq: (a, ...others) => others.map(b => equal(a, b)).find(same => same !== false) ?? false,
  ne: (a, b) => not(equal(a, b)),
  printf: (format, ...values) => onStrings([format], ([text = '']) => formatted(text, values)),
  print: (...values) => joined(values),
  toString: (value?: TemplateValue) => joined([value ?? UNKNOWN]),
  quote: value => onStrings([value], ([text = '']) => JSON.stringify(text)),
  squote: value => onStrings([value], ([text]) => `'${text}'`),
  lower: value => onStrings([value], ([text = '']) => text.toLowerCase()),
  upper: value => onStrings([value], ([text = '']) => text.toUpperCase()),
  trim: value => onStrings([value], ([text = '']) => text.trim()),
  trimPrefix: (prefix, value) =>
    onStrings([prefix, value], ([start = '', text = '']) =>
      text.startsWith(start) ? text.slice(start.length) : text,
    ),
  trimSuffix: (suffix, value) =>
    onStrings([suffix, value], ([end = '', text = '']) =>
      end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text,
    ),
  replace: (before, after, value) =>
    onStrings([before, after, value], ([old = '', fresh = '', text = '']) =>
      old === '' ? UNKNOWN : text.split(old).join(fresh),
    ),
  contains: (part, value) => onStrings([part, value], ([sub = '', text = '']) => text.includes(sub)),
  hasPrefix: (part, value) => onStrings([part, value], ([sub = '', text = '']) => text.startsWith(sub)),
  hasSuffix: (part, value) => onStrings([part, value], ([sub = '', text = '']) => text.endsWith(sub)),
};

/** Returns whether Go's templates treat a value as true. */
export function isTrue(value: string | boolean): boolean {
  return value !== '' && value !== false;
}

function not(value: TemplateValue): TemplateValue {
  return value === UNKNOWN ? UNKNOWN : !isTrue(value);
}

function equal(a: TemplateValue | undefined, b: TemplateValue | undefined): TemplateValue {
  if (a === undefined || b === undefined || a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  return a === b;
}

/** Returns the first value that is true, or the last; unknown if an unknown value might be it. */
function firstTrue(values: readonly TemplateValue[]): TemplateValue {
  for (const value of values) if (value === UNKNOWN || isTrue(value)) return value;
  return values.at(-1) ?? UNKNOWN;
}

function onStrings(
  values: readonly (TemplateValue | undefined)[],
  run: (texts: string[]) => TemplateValue,
): TemplateValue {
  const texts = values.filter(value => typeof value === 'string');
  return texts.length === values.length ? run(texts) : UNKNOWN;
}

function joined(values: readonly TemplateValue[]): TemplateValue {
  return values.includes(UNKNOWN) ? UNKNOWN : values.map(String).join('');
}

/** Formats like Go's printf; knows %s, %v, %d and %%. */
function formatted(format: string, values: readonly TemplateValue[]): TemplateValue {
  const rest = [...values];
  const parts = (format.match(/%.?|[^%]+/gs) ?? []).map((part): TemplateValue => {
    if (!part.startsWith('%')) return part;
    if (part === '%%') return '%';
    return /^%[svd]$/.test(part) ? (rest.shift() ?? UNKNOWN) : UNKNOWN;
  });
  return rest.length > 0 ? UNKNOWN : joined(parts);
}
