/** New text for a piece of an old one, `start` to before `end` in UTF-16 units. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Makes edits in a text. Of those that say the same, or that touch the same piece, the first one counts. */
export function applyEdits<One extends Edit>(
  text: string,
  edits: readonly One[],
): { text: string; done: One[] } {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const done: One[] = [];
  let edited = '';
  let at = 0;
  for (const edit of sorted) {
    const before = done.at(-1);
    if (before && (edit.start < before.end || edit.start === before.start)) continue;
    edited += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    done.push(edit);
  }
  return { text: edited + text.slice(at), done };
}
