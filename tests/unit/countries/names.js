// Prints the names of countries in many languages, "Polska<tab>PL" a line, from
// Unicode CLDR as Node.js has it: see ARCHITECTURE.md, Countries.
const LANGUAGES = `en de fr es it pt nl pl cs sk hu ro sv da nb fi et lv lt is
  ga cy sq sl hr sr sr-Latn bs mk bg el tr ru uk be ka hy az kk ar he fa ur hi
  bn ta te ne si th lo km my vi id ms fil zh zh-Hant ja ko mn am so sw rw yo zu
  af ca eu gl mt lb`.split(/\s+/);
// What people write and CLDR has not, or no longer.
const MORE = {
  AE: ['UAE'], CI: ['Ivory Coast'], CV: ['Cape Verde'],
  CZ: ['Czech Republic'], GB: ['Great Britain', 'Britain', 'England',
    'Scotland', 'Wales', 'Northern Ireland'], KR: ['Korea'], NL: ['Holland'],
  SZ: ['Swaziland'], TL: ['East Timor'], TR: ['Turkey'],
  US: ['USA', 'U.S.A.', 'U.S.', 'United States of America', 'America'],
};
const NO_COUNTRIES = ['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ'];
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const codes = LETTERS.flatMap((a) => LETTERS.map((b) => a + b)).filter((code) =>
  !NO_COUNTRIES.includes(code) &&
  new Intl.Locale(`und-${code}`).region === code &&
  new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code));
const lines = codes.flatMap((code) => [
  ...LANGUAGES.flatMap((language) => ['long', 'short'].map((style) =>
    new Intl.DisplayNames(language, { type: 'region', style,
      fallback: 'none' }).of(code))),
  ...(MORE[code] || []),
].filter(Boolean).map((name) => `${name}\t${code}`));
console.log([...new Set(lines)].join('\n'));
