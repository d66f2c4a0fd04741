/** Names that turn out to be of the same thing, put together: a disjoint-set forest over texts. */
export class Groups {
  readonly #parents = new Map<string, string>();

  /** Says that all of these are of one thing. */
  join(first: string, ...others: readonly string[]): void {
    let root = this.of(first);
    for (const other of others) {
      const otherRoot = this.of(other);
      if (otherRoot !== root) this.#parents.set(otherRoot, root);
      root = this.of(root);
    }
  }

  /** What names the thing that a name is of. */
  of(name: string): string {
    let root = name;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    // Shortens the way for whoever asks next.
    for (let at = name; at !== root; ) {
      const next = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = next;
    }
    return root;
  }
}
