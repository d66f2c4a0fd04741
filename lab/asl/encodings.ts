/** How Step Functions reads and writes encoded text where it differs from JSONata: https://github.com/iwamot/sfnx (docs/design.md). */

/** The text as UTF-8; JSONata's own function takes each UTF-16 unit for a byte. */
export const encodeBase64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** `undefined` for a character outside of the alphabet; padding may be missing. */
export const decodeBase64 = (text: string): string | undefined =>
  /^[A-Za-z\d+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : undefined;

/** A plus is a space, broken UTF-8 is U+FFFD; `undefined` for a malformed escape. */
export function decodeUrlComponent(text: string): string | undefined {
  if (/%(?![\da-fA-F]{2})/.test(text)) return undefined;
  return text
    .replaceAll('+', ' ')
    .replace(/(?:%[\da-fA-F]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}
