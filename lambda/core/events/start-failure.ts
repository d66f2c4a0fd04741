import {
  BEGINNINGS,
  CAPACITY_TEXTS,
  CAUSES,
  ERROR_NAMES,
  NAME_SLOTS,
  NO_ADDRESS,
  type Shortage,
  type TextClass,
  THROTTLED_STARTS,
} from './texts.ts';

/*
 * The reason of a failed start is free text, may be cut off, and quotes names that users chose: a secret may be called
 * ThrottlingException, an image toomanyrequests. So only what the service wrote is read: the reason is known by its
 * beginning, names are left out, and what follows is read where a service's own words begin.
 */

const inStarts = ({ where }: { readonly where: readonly string[] }) => where.includes('stoppedReason');

/** The kind of failure, which may stand before its reason. */
const KIND = /^Task ?[Ff]ailed ?[Tt]o ?[Ss]tart: /;

const WHOLE_TEXTS = [...THROTTLED_STARTS, ...CAPACITY_TEXTS].filter(inStarts).map((row) => ({
  pattern: new RegExp(`^(?:ResourceInitializationError: )?${row.pattern}`),
  class: row.class,
}));

const WHOLE_SHORTAGES = CAPACITY_TEXTS.filter(inStarts).map((row) => ({
  pattern: new RegExp(`^(?:ResourceInitializationError: )?${row.pattern}`),
  short: row.short,
}));

const KNOWN_BEGINNINGS = BEGINNINGS.map(({ pattern }) => new RegExp(`^${pattern}`));

const names = ERROR_NAMES.filter(inStarts).map(({ pattern }) => pattern);
const SERVICE_WORDS = [
  // Names end where no name of a user's would: `ThrottlingException-alarm` is a secret. What the cut left of one is enough.
  {
    pattern: new RegExp(`^(?:(?:${names.join('|')})(?=[:;,.)\\s]|$)|Throttling[A-Za-z]*(?:\\.{3})?$)`),
    class: 'throttle' as const,
  },
  ...CAUSES.map((row) => ({ pattern: new RegExp(`^${row.pattern}`, 'i'), class: row.class })),
];

/** Where a service's words may begin; identifiers of requests and hosts follow a colon too. */
const SERVICE_BEGINS = /(?<![Ii][Dd]): "?|\. |\) | - |api error |caused by:? /g;

/** An error's name that is no throttle's: `AccessDeniedException`, `NoSuchKey: `, `TagPolicyViolation`. */
const MISTAKE_NAME =
  /^(?!Resource\w+Error: |Cannot\w+Error: |\w+Exception: (?:Rate|Request limit) exceeded)(?:[A-Z]\w*(?:Exception|Error|Denied|Violation|NotFound|Failure|Fault|Forbidden|Expired|Canceled|Operation)\b|[A-Z][\w.]*[a-z][\w.]*[A-Z][\w.]*(?=:|$))/;
/** A mistake in the words of those who have no names for it. */
const MISTAKE_WORDS =
  /\b(?:not found|does not exist|access denied|permission denied|not authorized|no such|invalid parameters|manifest unknown|(?:denied|unauthorized|forbidden): )/i;

/** The class of one reason of a task that never started. */
function classifyReason(text: string): TextClass {
  const reason = text.replace(KIND, '');
  const whole = WHOLE_TEXTS.find(({ pattern }) => pattern.test(reason));
  if (whole) return whole.class;
  for (const pattern of KNOWN_BEGINNINGS) {
    const [beginning] = pattern.exec(reason) ?? [];
    if (beginning === undefined) continue;
    // A name may hold the very words that end it. Whichever of them does, the rest has to say the same.
    const [first = 'none', ...others] = new Set(withoutNames(reason.slice(beginning.length)).map(classifyCause));
    return others.length === 0 ? first : 'none';
  }
  return 'none';
}

/** The text without the names that it quotes: one for each way to read it. */
function withoutNames(text: string): string[] {
  for (const { before, after } of NAME_SLOTS) {
    const begin = text.indexOf(before);
    if (begin < 0) continue;
    const words = text.slice(0, begin);
    const ends = [...text.slice(begin + before.length).matchAll(new RegExp(after, 'g'))];
    // Cut off within the name.
    if (ends.length === 0) return [words];
    return ends.map((end) => `${words}…: ${text.slice(begin + before.length + end.index + end[0].length)}`);
  }
  return [text];
}

/** What the service's words come to. A mistake among them decides: it would be there on the next try as well. */
function classifyCause(words: string): TextClass {
  if (MISTAKE_WORDS.test(words)) return 'none';
  const beginnings = [0, ...[...words.matchAll(SERVICE_BEGINS)].map((match) => match.index + match[0].length)];
  const found = beginnings.map((at): TextClass | 'mistake' => {
    const rest = words.slice(at);
    return (
      SERVICE_WORDS.find(({ pattern }) => pattern.test(rest))?.class ?? (MISTAKE_NAME.test(rest) ? 'mistake' : 'none')
    );
  });
  if (found.includes('mistake')) return 'none';
  if (found.includes('throttle')) return 'throttle';
  return found.includes('capacity') ? 'capacity' : 'none';
}

/** The class of a start that failed, by the task's reasons and its containers': one that throttling explains is enough. */
export function classifyStart(reasons: readonly string[]): TextClass {
  const found = reasons.map(classifyReason);
  if (found.includes('throttle')) return 'throttle';
  return found.includes('capacity') ? 'capacity' : 'none';
}

/** What was short where want of room prevented a start. */
export function shortageOfStart(reasons: readonly string[]): Shortage | undefined {
  if (classifyStart(reasons) !== 'capacity') return undefined;
  const texts = reasons.filter((reason) => classifyReason(reason) === 'capacity');
  const whole = WHOLE_SHORTAGES.find(({ pattern }) => texts.some((text) => pattern.test(text.replace(KIND, ''))));
  return whole?.short ?? NO_ADDRESS.short;
}
