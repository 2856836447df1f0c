import fc from 'fast-check'

/** What parsers, databases, terminals, pages and prototypes have stumbled over. */
const awkward = fc.constantFrom(
  ...['\0', '\u0001', '\u001b[31m', '\r\n', '\n', '\r', '\t', ' ', '\u00a0', '\u0085', '\u200b', '\u200d'],
  ...['\u202e', '\ufeff', '\u2028', '\uffff', '\u007f', '"', "'", '`', '\\', '/', '//', '<', '>', '<b>', '&'],
  ...[
    '&amp;',
    '%',
    '%00',
    '%2f',
    '%zz',
    '+',
    '-',
    '--',
    '_',
    '.',
    '..',
    '../',
    ';',
    ',',
    '=',
    ':',
    '@',
    '#',
    '?',
  ],
  ...[
    '|',
    '*',
    '**',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '{{',
    '}}',
    '{{code}}',
    '$&',
    '$1',
    `\${x}`,
    '~',
    '^',
    '!',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    'null',
    'undefined',
    'NaN',
  ],
  ...['0', '-1', '1e400', '9007199254740993', 'true', '[object Object]', "' or 1=1 --", '\\u0000', '\\x00'],
  ...[
    'é',
    'e\u0301',
    'ﬀ',
    'İ',
    'ı',
    'ß',
    'ẞ',
    'K',
    'Å',
    'ſ',
    'ｇｋ',
    '＠',
    '。',
    '٣',
    '😀',
    '👨‍👩‍👧',
    '日本',
    'א',
  ],
)

const halfCharacter = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code))

/** A few characters that do not belong where they come. */
export const oddPiece: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: awkward },
  { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: halfCharacter },
)

/** Any text that somebody could send, the empty one and long ones too. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string() },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 4, arbitrary: fc.array(oddPiece, { maxLength: 8 }).map((pieces) => pieces.join('')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(oddPiece, fc.integer({ min: 50, max: 1500 }))
      .map(([text, times]) => text.repeat(times)),
  },
)

/** A text with one piece of it taken out and another put in its place; never the text itself. */
export function mutantsOf(text: string, piece: fc.Arbitrary<string> = oddPiece): fc.Arbitrary<string> {
  return fc
    .record({ at: fc.nat(text.length), drop: fc.nat(3), put: fc.oneof(fc.constant(''), piece) })
    .map(({ at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop))
    .filter((mutant) => mutant !== text)
}

/** Names that are members of every object, and others. */
export const oddName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'length',
    '',
  ),
  oddText,
)

/** Any value that JSON has, with the texts above in it; `__proto__` is a member of its own. */
export const oddValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; deep: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        1e308,
        -1e-308,
        2 ** 53,
        -(2 ** 31),
        2 ** 32,
        [],
        {},
        '',
        ' ',
      ),
      oddText,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    // What a comparison would make a number of, and cannot.
    fc.constantFrom({ length: { toString: 0 } }, { length: 3 }, { size: { valueOf: 1 } }, { toJSON: 1 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(oddName, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
  deep: fc
    .integer({ min: 30, max: 2000 })
    .map((levels) => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`) as unknown),
})).value

/** The fields that nothing may have added to every object. */
export function expectUnpolluted(): void {
  const strays = Object.getOwnPropertyNames(Object.prototype).filter((name) => !ownNames.has(name))
  if (strays.length > 0) throw new Error(`Every object now has ${strays.join(', ')}.`)
}

const ownNames: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))
