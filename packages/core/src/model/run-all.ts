/**
 * Runs an action on all items concurrently. The first failure is thrown after all actions have settled.
 *
 * @param stop called on every failure, to abort the other actions
 */
export async function runAll<T>(
  items: readonly T[],
  stop: ((reason: unknown) => void) | undefined,
  action: (item: T) => Promise<void>,
): Promise<void> {
  let failed: { readonly error: unknown } | undefined;
  const guarded = async (item: T) => {
    try {
      await action(item);
    } catch (error) {
      failed ??= { error };
      stop?.(error);
    }
  };
  await Promise.all(items.map(guarded));
  if (failed) throw failed.error;
}
