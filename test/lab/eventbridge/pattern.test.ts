import { describe, expect, it } from 'vitest';
import { verdict } from '../../../lab/lab-match.ts';

/** Pattern and events are raw JSON, for duplicate names and spellings of numbers to count. */
interface Case {
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly misses: readonly string[];
}

const judge = (pattern: string, event: string): string => verdict(`{"pattern":${pattern},"event":${event}}`);

/** Cases whose field is `a`: the alternatives of the pattern, and values of the event. */
const field = (alternatives: string, matches: readonly string[], misses: readonly string[]): Case => ({
  pattern: `{"a":${alternatives}}`,
  matches: matches.map((value) => `{"a":${value}}`),
  misses: misses.map((value) => `{"a":${value}}`),
});

const CASES: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'exact values': {
    'strings match as a whole': field('["x"]', ['"x"', '["y","x"]'], ['"X"', '"xx"', '""', 'true', '{}', '[]', '[[]]']),
    'a string is no number': field('["1"]', ['"1"'], ['1', '"1.0"']),
    'a number is no string': field('[1]', ['1'], ['"1"', 'true']),
    'numbers are equal in every spelling': field(
      '[300]',
      ['300', '300.0', '3e2', '3.0E+2', '30000e-2'],
      ['301', '-300', '"300"'],
    ),
    'zero has no sign': field('[0]', ['0', '-0', '0.0', '0e9', '-0.0e-3'], ['1', 'null', 'false', '""']),
    'fractions are equal in every spelling': field('[1.5e-2]', ['0.015', '0.0150', '15e-3'], ['0.0151']),
    'float64 numbers are compared by value, however long': field(
      '[1.7976931348623157E308]',
      ['17976931348623157e292'],
      ['1e308'],
    ),
    'numbers beyond float64 are compared by spelling': field('[1e400]', ['1e400'], ['1E400', '10e399']),
    'integers that float64 cannot hold are compared by spelling': field(
      '[12345678901234567890]',
      ['12345678901234567890'],
      ['12345678901234567891', '12345678901234567000', '1.2345678901234567890e19'],
    ),
    'an account number as a number matches': field(
      '[123456789012]',
      ['123456789012', '123456789012.0'],
      ['"123456789012"'],
    ),
    'null is a value of its own': field('[null]', ['null', '[null]'], ['"null"', '""', '0', 'false', '[]']),
    'true is a value of its own': field('[true]', ['true'], ['"true"', '1', 'false']),
    'the empty string is a value of its own': field('[""]', ['""'], ['null', '"x"', '[]']),
    'any of several values matches': field('["x",null,7,false]', ['"x"', 'null', '7.0', 'false'], ['"y"', '8', 'true']),
    'exactly is a string': field('[{"exactly":"x"}]', ['"x"'], ['"X"']),
    'exactly does not look for addresses': field('[{"exactly":"10.0.0.1"}]', ['"10.0.0.1"'], ['"010.0.0.1"']),
    'escapes in JSON do not matter': field('["\\u0041\\/"]', ['"A/"', '"\\u0041/"'], ['"\\\\u0041/"']),
    'the smallest numbers are compared by value as Java spells them': field(
      '[4.9e-324,4.9e-323]',
      ['4.9E-324', '49e-325', '0.49e-322'],
      ['5e-324', '5e-323', '0', '9.9e-324'],
    ),
    'in other spellings they are not': field('[5e-324]', ['5e-324'], ['4.9e-324', '5E-324', '0.5e-323']),
    'half a surrogate pair is itself': field('["\\ud800"]', ['"\\ud800"'], ['"?"', '"\\ud801"', '"\\ud800x"']),
    'characters beyond the basic plane match': field('["😀"]', ['"\\ud83d\\ude00"', '"😀"'], ['"😁"']),
  },
  'prefix, suffix, equals-ignore-case': {
    'a prefix matches strings that begin with it': field(
      '[{"prefix":"ab"}]',
      ['"ab"', '"abc"'],
      ['"Ab"', '"cab"', '"a"', '12'],
    ),
    'the empty prefix matches every string': field('[{"prefix":""}]', ['""', '"x"'], ['1', 'null', 'true']),
    'a prefix of digits does not match numbers': field('[{"prefix":"1"}]', ['"12"'], ['12', '1']),
    'a prefix may reach into the closing quote': field('[{"prefix":"ab\\""}]', ['"ab"', '"ab\\"c"'], ['"abc"']),
    'a suffix matches strings that end with it': field(
      '[{"suffix":".png"}]',
      ['".png"', '"a.png"'],
      ['"a.PNG"', '"a.pngx"'],
    ),
    'the empty suffix matches every string': field('[{"suffix":""}]', ['""', '"x"'], ['1', 'null', 'true']),
    'a suffix of several bytes a character matches': field('[{"suffix":"雨"}]', ['"大雨"', '"雨"'], ['"雨大"']),
    'a prefix may ignore case': field('[{"prefix":{"equals-ignore-case":"aB"}}]', ['"ABc"', '"ab"'], ['"ba"', '"a"']),
    'a suffix may ignore case': field(
      '[{"suffix":{"equals-ignore-case":".Png"}}]',
      ['"a.pNG"', '".png"'],
      ['"png"', '".pngx"'],
    ),
    'equals-ignore-case folds ASCII': field(
      '[{"equals-ignore-case":"alpha"}]',
      ['"ALPHA"', '"alpha"', '"aLpHa"'],
      ['"alph"', '"alphaa"', '1'],
    ),
    'equals-ignore-case folds other scripts': field('[{"equals-ignore-case":"ÄΩж"}]', ['"äωЖ"', '"ÄΩж"'], ['"AΩж"']),
    'equals-ignore-case folds character by character': field(
      '[{"equals-ignore-case":"straße"}]',
      ['"STRASSE"', '"straße"'],
      ['"straSse"'],
    ),
    'half a surrogate pair is a question mark to them, and no half of a character': field(
      '[{"prefix":"\\ud83d"},{"suffix":"x\\ude00"},{"equals-ignore-case":"a?"}]',
      ['"?"', '"\\ud800b"', '"x\\ud800"', '"x?"', '"A\\ude00"'],
      ['"😀"', '"x😀"', '"a😀"', '"a"'],
    ),
    'equals-ignore-case takes half a surrogate pair for a question mark': field(
      '[{"equals-ignore-case":"😀"}]',
      ['"??"'],
      ['"😀"'],
    ),
    'equals-ignore-case takes special characters for themselves': field(
      '[{"equals-ignore-case":"a.*(b)"}]',
      ['"A.*(B)"'],
      ['"axx(b)"'],
    ),
    'equals-ignore-case of nothing is the empty string': field('[{"equals-ignore-case":""}]', ['""'], ['"x"', 'null']),
    'line ends are ordinary characters': field(
      '[{"wildcard":"a*b"},{"equals-ignore-case":"x\\ny"}]',
      ['"a\\nb"', '"X\\nY"'],
      ['"b"', '"x\\ny\\n"'],
    ),
  },
  wildcard: {
    'a star stands for any text': field(
      '[{"wildcard":"a*c"}]',
      ['"ac"', '"abc"', '"abcbc"'],
      ['"abcd"', '"a"', '"c"', '"xac"'],
    ),
    'a star alone matches every string': field('[{"wildcard":"*"}]', ['""', '"x"', '"*"'], ['1', 'null', 'true']),
    'without a star the string matches as a whole': field('[{"wildcard":"abc"}]', ['"abc"'], ['"abcd"', '"xabc"']),
    'the empty wildcard is the empty string': field('[{"wildcard":""}]', ['""'], ['"x"']),
    'stars may be at both ends': field('[{"wildcard":"*b*"}]', ['"b"', '"abc"', '"bb"'], ['"ac"', '""']),
    'pieces must not overlap': field('[{"wildcard":"ab*ba"}]', ['"abba"', '"ab-ba"'], ['"aba"']),
    'pieces come in order': field('[{"wildcard":"*a*b*"}]', ['"ab"', '"xaybz"', '"bab"'], ['"ba"', '"b"']),
    'the last piece is at the end': field('[{"wildcard":"*ab*ab"}]', ['"abab"', '"xabyabab"'], ['"ab"', '"ababx"']),
    'an escaped star is a star': field('[{"wildcard":"a\\\\*c"}]', ['"a*c"'], ['"abc"', '"a\\\\*c"']),
    'an escaped backslash is a backslash': field('[{"wildcard":"a\\\\\\\\*"}]', ['"a\\\\"', '"a\\\\b"'], ['"a*"']),
    'an escaped star may follow a star': field('[{"wildcard":"*\\\\*"}]', ['"*"', '"a*"'], ['"a"']),
    'a star may stand before a character of several bytes': field(
      '[{"wildcard":"*é"},{"wildcard":"*雨*"},{"wildcard":"🙂*"}]',
      ['"é"', '"caffé"', '"大雨"', '"🙂"', '"🙂!"'],
      ['"e"', '"éa"', '"大"', '"a🙂"', '"\\ud83d"'],
    ),
    'a suffix of several bytes may stand beside it': field(
      '[{"suffix":"é"},{"wildcard":"*ñé"},{"wildcard":"*ñé*"}]',
      ['"é"', '"ñé"', '"ñéa"'],
      ['"ñ"', '"e"'],
    ),
    'half a surrogate pair is a question mark to it': field(
      '[{"wildcard":"a*\\ud83d"},{"wildcard":"*\\ude00*b"},{"wildcard":"\\ud800"}]',
      ['"a?"', '"ax\\ud800"', '"?b"', '"\\ud83db"', '"?"', '"\\udfff"'],
      ['"a😀"', '"😀b"', '"😀"'],
    ),
    'question marks and brackets are ordinary': field('[{"wildcard":"[a]?*"}]', ['"[a]?"', '"[a]?b"'], ['"ab"']),
  },
  'anything-but': {
    'a string is left out': field(
      '[{"anything-but":"x"}]',
      ['"y"', '""', '1', 'true', 'null', '["x","y"]'],
      ['"x"', '["x","x"]', '[]', '{}'],
    ),
    'a list of strings is left out': field('[{"anything-but":["x","y"]}]', ['"z"', '1'], ['"x"', '"y"']),
    'a number is left out in every spelling': field(
      '[{"anything-but":5}]',
      ['6', '"5"', 'null', '1e400'],
      ['5', '5.0', '50e-1'],
    ),
    'a list of numbers is left out': field('[{"anything-but":[5,7.5]}]', ['6', '"x"'], ['5.0', '75e-1']),
    'a prefix is left out': field(
      '[{"anything-but":{"prefix":"ab"}}]',
      ['"ba"', '"a"', '1', 'null'],
      ['"ab"', '"abc"'],
    ),
    'a list of prefixes is left out': field('[{"anything-but":{"prefix":["ab","x"]}}]', ['"b"'], ['"ab"', '"xy"']),
    'a suffix is left out': field('[{"anything-but":{"suffix":"ab"}}]', ['"aba"', '1'], ['"ab"', '"cab"']),
    'a list of suffixes is left out': field('[{"anything-but":{"suffix":["ab","x"]}}]', ['"b"'], ['"cab"', '"x"']),
    'a string in any case is left out': field(
      '[{"anything-but":{"equals-ignore-case":"ab"}}]',
      ['"abc"', '1'],
      ['"AB"', '"ab"'],
    ),
    'a list of strings in any case is left out': field(
      '[{"anything-but":{"equals-ignore-case":["ab",""]}}]',
      ['"c"'],
      ['"Ab"', '""'],
    ),
    'a wildcard is left out': field('[{"anything-but":{"wildcard":"a*c"}}]', ['"ab"', '1'], ['"ac"', '"abc"']),
    'a list of wildcards is left out': field('[{"anything-but":{"wildcard":["a*","*z"]}}]', ['"b"'], ['"ab"', '"bz"']),
    'an empty list behind another alternative matches nothing': field(
      '["x",{"anything-but":{"prefix":[]}},{"anything-but":{"suffix":[]}},{"anything-but":{"wildcard":[]}}]',
      ['"x"'],
      ['"y"', '""', '1', 'null'],
    ),
    'an empty list in any case is no different': field(
      '[5,{"anything-but":{"equals-ignore-case":[]}},"z"]',
      ['5', '"z"'],
      ['6', '"y"'],
    ),
    'an empty list may stand behind absence': {
      pattern: '{"a":[{"exists":false},{"anything-but":{"prefix":[]}}]}',
      matches: ['{}'],
      misses: ['{"a":"x"}'],
    },
    'the empty string is left out': field('[{"anything-but":""}]', ['"x"', 'null'], ['""']),
    'an absent field never matches': {
      pattern: '{"a":[{"anything-but":"x"}]}',
      matches: [],
      misses: ['{}', '{"b":"y"}', '{"a":{"b":"y"}}'],
    },
    'half a surrogate pair is a question mark to it': field(
      '[{"anything-but":["\\ud800","a"]}]',
      ['"😀"', '"b"'],
      ['"?"', '"\\ud800"', '"\\ud801"', '"a"'],
    ),
    'several of them are alternatives': field('[{"anything-but":"x"},{"anything-but":"y"}]', ['"x"', '"y"'], ['[]']),
    'addresses are texts to it': field(
      '[{"anything-but":"10.0.0.1"},{"cidr":"11.0.0.0/8"}]',
      ['"10.0.0.2"', '"11.0.0.1"'],
      ['"10.0.0.1"'],
    ),
    'numbers beside it do not change it': field('[{"anything-but":["x"]},7]', ['7', '8', '"y"'], ['"x"']),
  },
  numeric: {
    'equality is by value': field(
      '[{"numeric":["=",3.018e2]}]',
      ['301.8', '3018e-1'],
      ['301', '"301.8"', 'null', 'true'],
    ),
    'a bound may be excluded': field('[{"numeric":["<",10]}]', ['9.999999', '-1e300'], ['10', '10.0', '11', '"9"']),
    'a bound may be included': field('[{"numeric":[">=",10]}]', ['10', '1e1', '1e308'], ['9.99']),
    'the outermost float64 may bound a range of two': field(
      '[{"numeric":[">=",-1.7976931348623157e308,"<",1.7976931348623157e308]}]',
      ['-1.7976931348623157e308', '0', '1.7976931348623155e308'],
      ['1.7976931348623157e308', '"0"'],
    ),
    'a range may exclude its bounds': field('[{"numeric":[">",0,"<",5]}]', ['0.000001', '4.99'], ['0', '5']),
    'a range may include its bounds': field(
      '[{"numeric":[">=",0,"<=",5]}]',
      ['0', '-0.0', '5'],
      ['-0.000001', '5.000001'],
    ),
    'negative numbers are ordered': field('[{"numeric":["<=",-2]}]', ['-2', '-2.5'], ['-1.9', '0', '2']),
    'bounds beyond five thousand million work': field(
      '[{"numeric":[">",5e11]}]',
      ['500000000001', '1e12'],
      ['5e11', '5'],
    ),
    'more than six decimals count': field('[{"numeric":["=",0.1234567]}]', ['0.1234567', '1234567e-7'], ['0.123456']),
    'numbers that float64 cannot hold are not compared': field(
      '[{"numeric":[">",0]}]',
      ['1e308'],
      ['1e309', '12345678901234567890', '0.1000000000000000055511'],
    ),
    'any element of an array may do': field('[{"numeric":["<",0]}]', ['[1,-1]'], ['[1,2]', '["-1"]']),
  },
  cidr: {
    'a block of IPv4 addresses matches': field(
      '[{"cidr":"10.0.0.0/24"}]',
      ['"10.0.0.0"', '"10.0.0.255"'],
      ['"10.0.1.0"', '"9.255.255.255"', '"10.0.0"', '""'],
    ),
    'the bits behind the mask do not count': field(
      '[{"cidr":"10.0.0.77/24"}]',
      ['"10.0.0.1"', '"10.0.0.200"'],
      ['"10.0.1.1"'],
    ),
    'a mask may end inside of a byte': field(
      '[{"cidr":"172.16.0.0/12"}]',
      ['"172.31.255.255"', '"172.16.0.0"'],
      ['"172.32.0.0"', '"172.15.0.0"'],
    ),
    'a mask of nothing matches every IPv4 address': field(
      '[{"cidr":"0.0.0.0/0"}]',
      ['"0.0.0.0"', '"255.255.255.255"'],
      ['"x"', '"300.1.1.1"', 'null'],
    ),
    'a block of IPv6 addresses matches': field(
      '[{"cidr":"2001:db8::/32"}]',
      ['"2001:db8::1"', '"2001:0DB8:ffff::"'],
      ['"2001:db9::"', '"::1"', '"2001:db8"'],
    ),
    'an IPv4 address in IPv6 form is an IPv4 address': field(
      '[{"cidr":"10.0.0.0/8"}]',
      ['"::ffff:a00:1"'],
      ['"::a00:1"', '"::ffff:10.0.0.1"'],
    ),
    'octets are decimal, whatever they begin with': field(
      '[{"cidr":"010.0.0.0/8"}]',
      ['"10.1.1.1"', '"010.001.1.1"'],
      ['"8.1.1.1"'],
    ),
    'a trailing slash is overlooked': field('[{"cidr":"10.0.0.0/8/"}]', ['"10.1.1.1"'], ['"11.1.1.1"']),
    'a string that is an address matches every spelling of it': field(
      '["10.0.0.1","::1"]',
      ['"10.0.0.1"', '"10.0.0.01"', '"0:0:0:0:0:0:0:1"'],
      ['"10.0.0.2"', '"::2"'],
    ),
    'the last address of all matches itself': field(
      '["255.255.255.255"]',
      ['"255.255.255.255"'],
      ['"255.255.255.254"'],
    ),
    'a string that only looks like an address is a string': field(
      '["300.1.1.1","12:34"]',
      ['"300.1.1.1"', '"12:34"'],
      ['"12:034"'],
    ),
    'addresses and other texts mix': field(
      '[{"cidr":"10.0.0.0/8"},{"prefix":"192."}]',
      ['"192.168.0.1"', '"10.1.1.1"', '"192."'],
      ['"11.1.1.1"'],
    ),
    'addresses and numbers mix': field('[{"cidr":"10.0.0.0/8"},7]', ['"10.1.1.1"', '7.0'], ['"7"', '8']),
    'bare digits are walked like the digits of an address': field(
      '[{"cidr":"0.0.0.0/0"}]',
      ['5', '12'],
      ['"5"', 'false'],
    ),
    'digits of IPv4 may lie in a block of IPv6': field(
      '[{"cidr":"2001::/16"}]',
      ['"32.1.13.184"', '"2001:1::"'],
      ['"32.2.13.184"'],
    ),
  },
  exists: {
    'a leaf exists, null too': field(
      '[{"exists":true}]',
      ['1', '"x"', 'null', '""', 'false', '[1]', '[[null]]'],
      ['[]', '{}', '{"b":1}', '[{"b":1}]', '[[]]'],
    ),
    'what is no leaf does not exist': field(
      '[{"exists":false}]',
      ['[]', '{}', '{"b":1}', '[{}]'],
      ['1', 'null', '[null]', '""'],
    ),
    'an absent field does not exist': {
      pattern: '{"a":[{"exists":false}]}',
      matches: ['{}', '{"b":1}'],
      misses: ['{"a":0}'],
    },
    'a field of an absent object does not exist': {
      pattern: '{"a":{"b":[{"exists":false}]}}',
      matches: ['{}', '{"a":1}', '{"a":{}}', '{"a":[{"c":1}]}'],
      misses: ['{"a":{"b":null}}', '{"a":[{"c":1},{"b":1}]}', '{"a.b":1}'],
    },
    'absence and a value are alternatives': {
      pattern: '{"a":["x",{"exists":false}]}',
      matches: ['{}', '{"a":"x"}', '{"a":[]}'],
      misses: ['{"a":"y"}', '{"a":["y"]}'],
    },
    'presence and absence together match everything': {
      pattern: '{"a":[{"exists":true},{"exists":false}]}',
      matches: ['{}', '{"a":1}'],
      misses: [],
    },
    'absence is judged in the chosen element': {
      pattern: '{"l":{"a":["x"],"b":[{"exists":false}]}}',
      matches: ['{"l":[{"a":"x"},{"b":1}]}', '{"l":{"a":"x"}}'],
      misses: ['{"l":[{"a":"x","b":1},{"a":"y"}]}', '{"l":{"a":"x","b":1}}'],
    },
    'absence in one element is found though a value outside of the array fails': {
      pattern: '{"l":{"a":["x"],"b":[{"exists":false}]}}',
      matches: ['{"l.a":"x","l":[{"a":"x"},{"b":1}]}', '{"l":[{"a":"x"},{"b":1}],"l.a":"x"}'],
      misses: ['{"l.a":"x","l":[{"a":"y"},{"b":1}]}'],
    },
    'absence of a name that sorts first is judged in all elements': {
      pattern: '{"l":{"a":[{"exists":false}],"b":["x"]}}',
      matches: ['{"l":[{"b":"x"}]}'],
      misses: ['{"l":[{"b":"x"},{"a":1}]}'],
    },
  },
  'objects and arrays': {
    'all fields must match': {
      pattern: '{"a":["x"],"b":["y"]}',
      matches: ['{"b":"y","a":"x","c":1}'],
      misses: ['{"a":"x"}', '{"a":"x","b":"x"}', '{}'],
    },
    'nested objects must match': {
      pattern: '{"a":{"b":{"c":[1]}}}',
      matches: ['{"a":{"b":{"c":1}}}'],
      misses: ['{"a":{"b":1}}', '{"a":{"c":1}}', '{"b":{"c":1}}'],
    },
    'arrays are looked through': {
      pattern: '{"a":{"b":[1]}}',
      matches: ['{"a":[{"b":1}]}', '{"a":[[[{"b":[0,1]}]]]}', '{"a":[5,{"b":1}]}'],
      misses: ['{"a":[[1]]}', '{"a":[]}'],
    },
    'two fields must match in one element': {
      pattern: '{"l":{"first":["Anna"],"last":["Jones"]}}',
      matches: [
        '{"l":[{"first":"John"},{"first":"Anna","last":"Jones"}]}',
        '{"l":{"first":"Anna","last":["Smith","Jones"]}}',
      ],
      misses: ['{"l":[{"first":"Anna","last":"Smith"},{"first":"Peter","last":"Jones"}]}'],
    },
    'elements of different arrays are independent': {
      pattern: '{"k":{"a":[1]},"l":{"a":[2]}}',
      matches: ['{"k":[{"a":0},{"a":1}],"l":[{"a":2}]}'],
      misses: ['{"k":[{"a":2}],"l":[{"a":1}]}'],
    },
    'elements count in arrays of arrays': {
      pattern: '{"l":{"a":[1],"b":[2]}}',
      matches: ['{"l":[[{"a":0}],[{"a":1,"b":2}]]}'],
      misses: ['{"l":[[{"a":1},{"b":2}]]}', '{"l":[[{"a":1}],[{"b":2}]]}'],
    },
    'elements count at every depth': {
      pattern: '{"l":{"a":[1],"m":{"b":[2]}}}',
      matches: ['{"l":[{"a":0,"m":[{"b":2}]},{"a":1,"m":[{"b":0},{"b":2}]}]}'],
      misses: ['{"l":[{"a":0,"m":[{"b":2}]},{"a":1,"m":[{"b":0}]}]}'],
    },
    'scalars of one array are not told apart': {
      pattern: '{"a":["x"],"b":["y"]}',
      matches: ['{"a":["z","x"],"b":["y","z"]}'],
      misses: ['{"a":["z"],"b":["y"]}'],
    },
    'a name may have a scalar and an array of objects': {
      pattern: '{"a":["x"],"a":{"b":["y"]}}',
      matches: ['{"a":["x",{"b":"y"}]}'],
      misses: ['{"a":["x"]}'],
    },
    'a leaf and an object of the same name never match one value': {
      pattern: '{"a":["x"],"a.b":["y"]}',
      matches: [],
      misses: ['{"a":"x"}', '{"a":{"b":"y"}}'],
    },
  },
  'dotted and empty names': {
    'a dotted name in the pattern is a path': {
      pattern: '{"a.b":["x"]}',
      matches: ['{"a":{"b":"x"}}', '{"a.b":"x"}', '{"a":[{"b":"x"}]}'],
      misses: ['{"a":"x"}', '{"b":"x"}'],
    },
    'a dotted name in the event is a path': {
      pattern: '{"a":{"b":{"c":["x"]}}}',
      matches: ['{"a.b":{"c":"x"}}', '{"a":{"b.c":"x"}}'],
      misses: ['{"a.c":"x"}'],
    },
    'a dotted name replaces the path before it': {
      pattern: '{"a":{"b":["x"]},"a.b":["y"]}',
      matches: ['{"a":{"b":"y"}}'],
      misses: ['{"a":{"b":"x"}}'],
    },
    'an empty name is a name': { pattern: '{"":["x"]}', matches: ['{"":"x"}'], misses: ['{}', '{"a":"x"}'] },
    'an empty first step of the pattern is forgotten': {
      pattern: '{"":{"a":["x"]}}',
      matches: ['{"a":"x"}'],
      misses: ['{"":{"a":"x"}}'],
    },
    'an empty last step is not looked into': {
      pattern: '{"a":{"":["x"]}}',
      matches: ['{"a.":"x"}'],
      misses: ['{"a":{"":"x"}}'],
    },
    'names that objects inherit are ordinary': {
      pattern: '{"toString":{"__proto__":["x"]}}',
      matches: ['{"toString":{"__proto__":"x"}}'],
      misses: ['{}'],
    },
  },
  'duplicate names': {
    'the last value in a pattern counts': {
      pattern: '{"a":["x"],"a":["y"]}',
      matches: ['{"a":"y"}'],
      misses: ['{"a":"x"}'],
    },
    'objects in a pattern are merged': {
      pattern: '{"a":{"b":["x"]},"a":{"c":["y"]}}',
      matches: ['{"a":{"b":"x","c":"y"}}'],
      misses: ['{"a":{"c":"y"}}'],
    },
    'any value in an event counts': {
      pattern: '{"a":["x"]}',
      matches: ['{"a":"x","a":"y"}', '{"a":"y","a":"x"}', '{"a":[{}],"a":"x"}'],
      misses: ['{"a":"y","a":"z"}'],
    },
    'objects in an event are merged': {
      pattern: '{"a":{"b":[1],"c":[2]}}',
      matches: ['{"a":{"b":1},"a":{"c":2}}', '{"a":[{"b":1}],"a":[{"c":2}]}'],
      misses: ['{"a":{"b":1}}'],
    },
  },
  $or: {
    'one of the members must match': {
      pattern: '{"$or":[{"a":["x"]},{"b":["y"]}]}',
      matches: ['{"a":"x"}', '{"b":"y"}', '{"a":"z","b":"y"}'],
      misses: ['{}', '{"a":"y","b":"x"}'],
    },
    'the fields beside it must match too': {
      pattern: '{"c":[1],"$or":[{"a":["x"]},{"b":["y"]}]}',
      matches: ['{"c":1,"a":"x"}', '{"c":1,"b":"y"}'],
      misses: ['{"a":"x"}', '{"c":1}'],
    },
    'all fields of a member must match': {
      pattern: '{"$or":[{"a":["x"],"c":[1]},{"b":["y"]}]}',
      matches: ['{"a":"x","c":1}', '{"b":"y"}'],
      misses: ['{"a":"x"}', '{"c":1}'],
    },
    'it may be nested in an object': {
      pattern: '{"d":{"$or":[{"a":["x"]},{"b":["y"]}],"c":[1]}}',
      matches: ['{"d":{"a":"x","c":1}}'],
      misses: ['{"a":"x","d":{"c":1}}', '{"d":{"a":"x"}}'],
    },
    'it may be nested in itself': {
      pattern: '{"$or":[{"a":[1],"$or":[{"b":[1]},{"c":[1]}]},{"d":[1]}]}',
      matches: ['{"a":1,"b":1}', '{"a":1,"c":1}', '{"d":1}'],
      misses: ['{"a":1}', '{"b":1,"c":1}'],
    },
    'two of them must both match': {
      pattern: '{"$or":[{"a":[1]},{"b":[1]}],"d":{"$or":[{"a":[1]},{"b":[1]}]}}',
      matches: ['{"a":1,"d":{"b":1}}'],
      misses: ['{"a":1}', '{"d":{"a":1}}'],
    },
    'a second one of the same name must match as well': {
      pattern: '{"$or":[{"a":[1]},{"b":[1]}],"$or":[{"c":[1]},{"d":[1]}]}',
      matches: ['{"a":1,"d":1}'],
      misses: ['{"a":1}', '{"c":1}'],
    },
    'its members replace a field before it': {
      pattern: '{"a":["x"],"$or":[{"a":["y"]},{"b":["z"]}]}',
      matches: ['{"a":"y"}', '{"a":"x","b":"z"}'],
      misses: ['{"a":"x"}', '{"b":"z"}'],
    },
    'a field after it replaces its members': {
      pattern: '{"$or":[{"a":["y"]},{"b":["z"]}],"a":["x"]}',
      matches: ['{"a":"x"}', '{"a":"x","b":"z"}'],
      misses: ['{"a":"y"}', '{"b":"z"}'],
    },
    'as an object it is an ordinary name': {
      pattern: '{"$or":{"a":["x"]}}',
      matches: ['{"$or":{"a":"x"}}'],
      misses: ['{"a":"x"}'],
    },
    'as an array of values it is an ordinary name': {
      pattern: '{"$or":["x",{"prefix":"y"}]}',
      matches: ['{"$or":"x"}', '{"$or":"yz"}'],
      misses: ['{"a":"x"}'],
    },
    'with reserved names inside it is an ordinary name': {
      pattern: '{"$or":[{"prefix":"x"},{"suffix":"y"}]}',
      matches: ['{"$or":"xa"}', '{"$or":"ay"}'],
      misses: ['{"prefix":"x"}'],
    },
    'reserved names are fields outside of it': {
      pattern: '{"prefix":["x"],"numeric":{"=":[1]}}',
      matches: ['{"prefix":"x","numeric":{"=":1}}'],
      misses: ['{"prefix":"x"}'],
    },
    'a member that repeats an alternative of an earlier one is lost': {
      pattern: '{"$or":[{"a":["x"]},{"a":["x","y"]}]}',
      matches: ['{"a":"x"}'],
      misses: ['{"a":"y"}'],
    },
    'a member is lost in whatever way the alternative is written': {
      pattern: '{"$or":[{"a":[{"numeric":["=",1]}]},{"a":[1.0,"y"]}]}',
      matches: ['{"a":1}'],
      misses: ['{"a":"y"}'],
    },
    'a member is lost with a string that is written as exactly': {
      pattern: '{"$or":[{"a":[{"exactly":"x"}]},{"a":["x","y"]}]}',
      matches: ['{"a":"x"}'],
      misses: ['{"a":"y"}'],
    },
    'a member is lost with a set in another order': {
      pattern: '{"$or":[{"a":[{"anything-but":["x","y"]}]},{"a":[{"anything-but":["y","x"]},"x"]}]}',
      matches: ['{"a":"z"}'],
      misses: ['{"a":"x"}'],
    },
    'a member is lost with an address spelled otherwise': {
      pattern: '{"$or":[{"a":["10.0.0.1"]},{"a":["10.0.0.01","y"]}]}',
      matches: ['{"a":"10.0.0.1"}'],
      misses: ['{"a":"y"}'],
    },
    'numbers that float64 cannot hold are not taken for each other': {
      pattern: '{"$or":[{"a":[12345678901234567890]},{"a":[12345678901234567891]}]}',
      matches: ['{"a":12345678901234567891}', '{"a":12345678901234567890}'],
      misses: ['{"a":12345678901234567892}'],
    },
    'a number beyond float64 is not taken for null': {
      pattern: '{"$or":[{"a":[null]},{"a":[1e400]}]}',
      matches: ['{"a":null}', '{"a":1e400}'],
      misses: ['{"a":1e401}'],
    },
    'a member with another field is not lost': {
      pattern: '{"$or":[{"a":["x"],"b":[1]},{"a":["x","y"]}]}',
      matches: ['{"a":"x"}', '{"a":"y"}'],
      misses: ['{"b":1}'],
    },
    'a member with other alternatives is not lost': {
      pattern: '{"c":[1],"$or":[{"a":["x"]},{"a":["y"]}]}',
      matches: ['{"a":"x","c":1}', '{"a":"y","c":1}'],
      misses: ['{"a":"y"}'],
    },
    'elements of arrays are chosen anew for each member': {
      pattern: '{"l":{"$or":[{"a":[1],"b":[2]},{"a":[2],"b":[1]}]}}',
      matches: ['{"l":[{"a":2,"b":1},{"a":0}]}'],
      misses: ['{"l":[{"a":1,"b":1},{"a":2,"b":2}]}'],
    },
  },
};

describe.each(Object.entries(CASES))('%s', (_topic, cases) => {
  describe.each(Object.entries(cases))('%s', (_sentence, { pattern, matches, misses }) => {
    it.each(matches)(`${pattern} matches %s`, (event) => expect(judge(pattern, event)).toBe('true'));
    it.each(misses)(`${pattern} misses %s`, (event) => expect(judge(pattern, event)).toBe('false'));
  });
});
