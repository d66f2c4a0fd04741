import { expect, test } from 'vitest';
import { html } from '../../../lab/html/markup.ts';

test('text is escaped, markup is not, lists are joined, and nothing leaves nothing', () => {
  const inner = html`<b>${'a < b & "c"'}</b>`;
  expect(html`<p title="${'"x"'}">${[inner, 1, undefined]}</p>`.text).toBe(
    '<p title="&quot;x&quot;"><b>a &lt; b &amp; &quot;c&quot;</b>1</p>',
  );
});
