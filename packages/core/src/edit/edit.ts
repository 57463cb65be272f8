/** Replaces the range from `start` to before `end`, in UTF-16 units. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits to a text. Of overlapping edits, the first wins. */
export function applyEdits<E extends Edit>(text: string, edits: readonly E[]): { text: string; done: E[] } {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const done: E[] = [];
  let edited = '';
  let at = 0;
  for (const edit of sorted) {
    const previous = done.at(-1);
    if (previous && (edit.start < previous.end || edit.start === previous.start)) continue;
    edited += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    done.push(edit);
  }
  return { text: edited + text.slice(at), done };
}
