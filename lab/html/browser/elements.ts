/// <reference lib="dom" />

/** An element with attributes and children; text is text, never markup. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

export const replaceChildren = (container: Element, children: readonly (Node | string)[]): void =>
  container.replaceChildren(...children);
