/** Does the work for every item, `width` at a time, and answers in the items' order. */
export async function inParallel<Item, Out>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Out>,
): Promise<readonly Out[]> {
  const results: Out[] = []
  const rest = items.entries()
  const lane = async () => {
    for (const [index, item] of rest) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}
